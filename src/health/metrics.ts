/** Plain names (`bus_exchanges`, with labels as `bus_exchanges{bus="gate"}` would be) and their values: counters grow, gauges are read when asked. */
export interface Metrics {
  /** Adds to a counter; it begins at 0. */
  count(name: string, by?: number): void;
  /** A value that is looked up whenever somebody asks. Given again, the later one holds; returns the way to take it out. */
  gauge(name: string, read: () => number): () => void;
  /** All of them, by name. A gauge that throws or gives no number is left out. */
  values(): Readonly<Record<string, number>>;
}

export function openMetrics(): Metrics {
  const counters = new Map<string, number>();
  const gauges = new Map<string, () => number>();
  return {
    count: (name, by = 1) => {
      counters.set(name, (counters.get(name) ?? 0) + by);
    },
    gauge: (name, read) => {
      gauges.set(name, read);
      return () => {
        if (gauges.get(name) === read) gauges.delete(name);
      };
    },
    values: () => {
      const read = [...gauges].map(([name, look]) => [name, worth(look)] as const);
      const sound = read.filter(([, value]) => Number.isFinite(value));
      return Object.fromEntries([...counters, ...sound].sort(([x], [y]) => (x < y ? -1 : 1)));
    },
  };
}

function worth(look: () => number): number {
  try {
    return look();
  } catch {
    return Number.NaN;
  }
}
