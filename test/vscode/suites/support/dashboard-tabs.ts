import * as vscode from 'vscode';
import { dashboardPanel } from '../../../../extension/base/ids.ts';

/** Tabs of the window that show a dashboard. */
export function dashboardTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(dashboardPanel));
}
