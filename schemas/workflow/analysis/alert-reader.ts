import { alertKinds, alertSeverities, alertUnits, longestOverMs, type AlertKind, type AlertThresholds, type QueueAlerts } from '../alert.ts';
import { formatDuration } from '../../wording/amount.ts';
import { parsePercentage } from '../percentage.ts';
import type { MapReader } from './map-reader.ts';
import { readDuration } from './policy-reader.ts';
import { quoted } from './report.ts';
import { message } from '../../wording/message.ts';

/** Reads `alerts` of a queue; what is wrong with a threshold leaves that one out. */
export function readAlerts(queue: MapReader, maxCount: number): QueueAlerts | undefined {
  const reader = queue.map('alerts', { what: "'alerts'", keys: alertKinds });
  if (reader === undefined) return undefined;
  const alerts: Partial<Record<AlertKind, AlertThresholds>> = {};
  for (const kind of alertKinds) {
    const thresholds = readThresholds(reader, kind, maxCount);
    if (thresholds !== undefined) alerts[kind] = thresholds;
  }
  return Object.keys(alerts).length === 0 ? undefined : alerts;
}

function readThresholds(parent: MapReader, kind: AlertKind, maxCount: number): AlertThresholds | undefined {
  const keys = kind === 'failure-rate' ? [...alertSeverities, 'over'] : alertSeverities;
  const reader = parent.map(kind, { what: quoted(kind), keys });
  if (reader === undefined) return undefined;
  if (!alertSeverities.some((severity) => reader.has(severity))) {
    reader.report.error('missing-key', reader.at, message("{kind} must say 'warning' or 'error': the value from which on it is one.", { kind: quoted(kind) }));
  }
  const warning = readThreshold(reader, kind, 'warning', maxCount);
  const error = readThreshold(reader, kind, 'error', maxCount);
  const overMs = readOver(reader);
  if (warning === undefined && error === undefined) return undefined;
  if (warning !== undefined && error !== undefined && error <= warning) {
    reader.report.warning('bad-value', reader.place('error'), message("'error' is reached no later than 'warning', so that the warning is never told."));
  }
  return {
    ...(warning === undefined ? {} : { warning }),
    ...(error === undefined ? {} : { error }),
    ...(overMs === undefined ? {} : { overMs }),
  };
}

function readThreshold(reader: MapReader, kind: AlertKind, key: string, maxCount: number): number | undefined {
  switch (alertUnits[kind]) {
    case 'jobs':
      return reader.integer(key, 0, maxCount);
    case 'ms':
      return readDuration(reader, key, 1);
    case 'share':
      return readShare(reader, key);
  }
}

function readShare(reader: MapReader, key: string): number | undefined {
  const entry = reader.entry(key);
  if (entry === undefined) return undefined;
  const value = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  const parsed = parsePercentage(typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  if (parsed.ok) return parsed.share;
  reader.report.error('bad-percentage', reader.place(key), parsed.message);
  return undefined;
}

function readOver(reader: MapReader): number | undefined {
  const overMs = readDuration(reader, 'over', 1000);
  if (overMs === undefined || overMs <= longestOverMs) return overMs;
  reader.report.error('bad-duration', reader.place('over'), message("'over' is at most {duration}: failures are counted no longer.", { duration: formatDuration(longestOverMs) }));
  return undefined;
}
