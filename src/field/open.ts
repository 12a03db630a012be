import type { FieldWork } from '../contracts/index.ts';
import { readdress, rebaud } from './moves.ts';
import { type FieldTools, scan } from './scan.ts';

/** A technician's tools at one wire, which nobody else speaks on meanwhile. */
export function openField(tools: FieldTools): FieldWork {
  return {
    scan: (wish, watch) => scan(tools, wish, watch),
    readdress: (wish, watch) => readdress(tools, wish, watch),
    rebaud: (wish, watch) => rebaud(tools, wish, watch),
    close: () => tools.bench.close(),
  };
}
