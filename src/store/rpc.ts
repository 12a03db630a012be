import { Worker } from 'node:worker_threads';
import { Fault, reviveFault } from '../faults/index.ts';
import type { JsonObject } from '../model/index.ts';
import type { Backend, Method, OpenBackend } from './backend.ts';
import type { Core } from './core.ts';
import type { CoreOpened, CoreOptions } from './protocol.ts';

export type Question =
  | { readonly id: number; readonly method: 'open'; readonly options: CoreOptions }
  // The arguments belong to the method; only `call` below makes questions.
  | { readonly id: number; readonly method: Method; readonly args: never };

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: { readonly code: string; readonly facts: JsonObject } };

/** The core in a thread of its own: one slow sync of the card holds up nobody but those who wait for it. */
export const openInWorker =
  (module: URL): OpenBackend =>
  async (options) => {
    const thread = new Thread(module);
    try {
      // The answer to `open`; so below with what the core's method returns.
      const opened = (await thread.ask({ method: 'open', options })) as CoreOpened;
      const call: Backend['call'] = (method, ...args) =>
        thread.ask({ method, args }) as Promise<ReturnType<Core[typeof method]>>;
      return { opened, died: thread.died, call, end: () => thread.end() };
    } catch (error) {
      await thread.end();
      throw error;
    }
  };

class Thread {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  private last = 0;
  private dead: Fault | undefined;
  private mourn: (fault: Fault) => void = () => {};
  readonly died = new Promise<Fault>((resolve) => {
    this.mourn = resolve;
  });

  constructor(module: URL) {
    // Not the flags of this process: a loader of a test runner has no business there.
    this.worker = new Worker(module, { name: 'store', execArgv: [] });
    this.worker.on('message', (answer: Answer) => {
      const waiter = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if ('fault' in answer) waiter?.reject(reviveFault(answer.fault));
      else waiter?.resolve(answer.value);
    });
    this.worker.on('error', (error) => this.die(error.message));
    this.worker.on('messageerror', (error) => this.die(error.message));
    this.worker.on('exit', () => this.die('its thread ended'));
  }

  ask(question: { readonly method: string; readonly [part: string]: unknown }): Promise<unknown> {
    if (this.dead) return Promise.reject(this.dead);
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      try {
        this.worker.postMessage({ ...question, id });
      } catch (error) {
        // Something that cannot be cloned: the caller's mistake.
        this.waiting.delete(id);
        reject(error);
      }
    });
  }

  /** Waits for what the thread is doing: nothing can interrupt a disk. */
  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private die(reason: string): void {
    this.dead ??= new Fault('store.failed', { reason, died: true });
    this.mourn(this.dead);
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
  }
}
