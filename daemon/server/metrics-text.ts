/** One series of a metric: its labels, and the value now. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of the metric's name, as summaries have them. */
  readonly suffix?: '_sum' | '_count';
}

export interface Metric {
  /** By Prometheus' rules: base units, counters end with `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  /** A sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Prometheus' text format, version 0.0.4. A metric without samples is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of metrics) {
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value, suffix = '' } of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text).replaceAll('"', '\\"')}"`);
      lines.push(`${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
