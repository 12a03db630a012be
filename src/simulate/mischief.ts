import { Fault } from '../faults/index.ts';
import { nearest } from '../model/index.ts';

/**
 * What can go wrong on a wire, on demand. On a bus it concerns all its devices. `mute` neither hears nor says anything; `hung` is mute until its
 * supply has been cut; `lost` hears and
 * acts, and its answer does not arrive; `late` answers after so many ms; `noise` puts random bytes in front; `garbage` says random bytes
 * instead; `wrong-unit` answers with another unit's address; `split` sends in pieces with pauses of so many ms; `crc` damages the last
 * byte (Modbus TCP has no checksum: its header); `duplicate` says it twice; `echo` gives the host its own bytes back first; `unplug`
 * takes the port away (a single device falls silent); `stuck` repeats its last words. Of a host on an http bus: `stale` takes each nonce of its login
 * once only; `refuse` takes no login; `html` gives a page in place of what was asked for; `cut` ends in the middle; `busy` answers 503; `reset` ends a
 * connection that is used again.
 */
export const KINDS = {
  mute: undefined,
  hung: undefined,
  lost: undefined,
  late: 300,
  noise: undefined,
  garbage: undefined,
  'wrong-unit': undefined,
  split: 20,
  crc: undefined,
  duplicate: undefined,
  echo: undefined,
  unplug: undefined,
  stuck: undefined,
  stale: undefined,
  refuse: undefined,
  html: undefined,
  cut: undefined,
  busy: undefined,
  reset: undefined,
} as const satisfies Record<string, number | undefined>;
export type Kind = keyof typeof KINDS;

export interface Mischief {
  readonly target: string;
  readonly kind: Kind;
  /** Of `late` and `split`. */
  readonly ms: number;
  /** Share of the replies it happens to, 0..1. */
  readonly rate: number;
}

/** Faults now in force. Targets are bus and device ids; others are refused with `usage`. */
export interface FaultControl {
  set(target: string, kind: Kind, how?: { readonly ms?: number; readonly rate?: number }): void;
  /** Ends one kind, or all of this target. */
  clear(target: string, kind?: Kind): void;
  /** `noise-1=mute`, `bus-2=late:800`, `air-1=crc@0.1` (one in ten), `noise-1=ok` (all well again): as on the command line. */
  apply(text: string): void;
  list(): readonly Mischief[];
}

export function openFaultControl(
  targets: readonly string[],
  changed: (target: string) => void,
): FaultControl & { find(kind: Kind, targets: readonly string[]): Mischief | undefined } {
  const active = new Map<string, Mischief>();
  const known = (target: string) => {
    if (targets.includes(target)) return;
    const close = nearest(target, targets) ?? targets.join(', ');
    throw new Fault('usage', { text: `there is no bus or device ${target}; nearest is ${close}` });
  };
  const control: FaultControl = {
    set(target, kind, how = {}) {
      known(target);
      active.set(`${target} ${kind}`, { target, kind, ms: how.ms ?? KINDS[kind] ?? 0, rate: how.rate ?? 1 });
      changed(target);
    },
    clear(target, kind) {
      known(target);
      for (const [key, { target: its, kind: what }] of active) {
        if (its === target && (kind === undefined || what === kind)) active.delete(key);
      }
      changed(target);
    },
    apply(text) {
      const wish = parseWish(text);
      if (wish.kind === 'ok') control.clear(wish.target);
      else control.set(wish.target, wish.kind, wish);
    },
    list: () => [...active.values()],
  };
  return {
    ...control,
    find: (kind, among) => {
      // Asked a dozen times for each answer, and nearly always all is well.
      if (active.size === 0) return undefined;
      for (const target of among) {
        const found = active.get(`${target} ${kind}`);
        if (found) return found;
      }
      return undefined;
    },
  };
}

interface Wish {
  readonly target: string;
  readonly kind: Kind | 'ok';
  readonly ms?: number;
  readonly rate?: number;
}

function parseWish(text: string): Wish {
  const found = /^\s*([a-z0-9][a-z0-9-]*)=([a-z-]+)(?::(\d+))?(?:@(0?\.\d+|1|0))?\s*$/.exec(text);
  const [, target = '', kind = '', ms, rate] = found ?? [];
  if (!found || !(kind === 'ok' || isKind(kind))) {
    const kinds = [...Object.keys(KINDS), 'ok'].join(', ');
    throw new Fault('usage', {
      text: `'${text}' is no fault; write DEVICE=KIND[:ms][@share], KIND one of ${kinds}`,
    });
  }
  return {
    target,
    kind,
    ...(ms !== undefined && { ms: Number(ms) }),
    ...(rate !== undefined && { rate: Number(rate) }),
  };
}

const isKind = (word: string): word is Kind => Object.hasOwn(KINDS, word);
