import * as vscode from 'vscode';
import type { AttemptState, JobState, RunState, StepState } from '../../../schemas/protocol/state.ts';
import { lookOfState } from '../../wording/state-look.ts';

export function stateIcon(state: JobState | StepState | RunState | AttemptState): vscode.ThemeIcon {
  const { icon, color } = lookOfState(state);
  return new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
}
