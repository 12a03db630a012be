import { Fault } from '../faults/index.ts';
import { Core } from './core.ts';
import type { CoreOpened, CoreOptions } from './protocol.ts';

/** What the front asks of a core, wherever it runs. */
export type Method =
  | 'commit'
  | 'connect'
  | 'lease'
  | 'settle'
  | 'release'
  | 'refuse'
  | 'replay'
  | 'digests'
  | 'digested'
  | 'read'
  | 'quarantine'
  | 'stats'
  | 'openIntents'
  | 'endedIntents'
  | 'auditRows'
  | 'auditStats'
  | 'auditDue'
  | 'state'
  | 'close';

export interface Backend {
  readonly opened: CoreOpened;
  /** Resolves if the core ends without having been asked to. */
  readonly died: Promise<Fault>;
  /** Calls are carried out in the order in which they are made. Rejects with the core's Fault, or store.failed when the worker has died. */
  call<M extends Method>(method: M, ...args: Parameters<Core[M]>): Promise<ReturnType<Core[M]>>;
  /** Ends without a word to the disk. */
  end(): Promise<void>;
}

export type OpenBackend = (options: CoreOptions) => Promise<Backend>;

/** The core in this thread. */
export const openInProcess: OpenBackend = async (options) => {
  const core = Core.open(options);
  let ended = false;
  return {
    opened: core.opened,
    died: new Promise(() => {}),
    call: async (method, ...args) => {
      if (ended) throw new Fault('store.failed', { reason: 'it was closed after a failure', died: true });
      return callCore(core, method, args);
    },
    end: async () => {
      if (!ended) core.abandon();
      ended = true;
    },
  };
};

export function callCore<M extends Method>(
  core: Core,
  method: M,
  args: Parameters<Core[M]>,
): ReturnType<Core[M]> {
  // Method and arguments come in one type parameter, which TypeScript does not follow through an index.
  const call = core[method] as (...args: Parameters<Core[M]>) => ReturnType<Core[M]>;
  return call.apply(core, args);
}
