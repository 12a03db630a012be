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

type Unnumbered =
  | { readonly method: 'open'; readonly options: CoreOptions }
  | { readonly method: Method; readonly args: readonly unknown[] };

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: { readonly code: string; readonly facts: JsonObject } };

/** What is asked in one go travels together, and so do its answers: between threads the message costs more than what is in it. */
export type Questions = readonly Question[];
export type Answers = readonly Answer[];

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
  private unsent: Question[] = [];
  private dead: Fault | undefined;
  private mourn: (fault: Fault) => void = () => {};
  readonly died = new Promise<Fault>((resolve) => {
    this.mourn = resolve;
  });

  constructor(module: URL) {
    // Not the flags of this process: a loader of a test runner has no business there.
    this.worker = new Worker(module, { name: 'store', execArgv: [] });
    this.worker.on('message', (answers: Answers) => {
      for (const answer of answers) this.answered(answer);
    });
    this.worker.on('error', (error) => this.die(error.message));
    this.worker.on('messageerror', (error) => this.die(error.message));
    this.worker.on('exit', () => this.die('its thread ended'));
  }

  ask(question: Unnumbered): Promise<unknown> {
    if (this.dead) return Promise.reject(this.dead);
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      if (this.unsent.length === 0) queueMicrotask(() => this.send());
      // A number does not make another question of it.
      this.unsent.push({ ...question, id } as Question);
    });
  }

  private send(): void {
    const questions: Questions = this.unsent;
    this.unsent = [];
    try {
      this.worker.postMessage(questions);
    } catch {
      for (const question of questions) this.sendAlone(question);
    }
  }

  private sendAlone(question: Question): void {
    try {
      this.worker.postMessage([question]);
    } catch (error) {
      // Something that cannot be cloned: its caller's mistake.
      this.take(question.id)?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private answered(answer: Answer): void {
    const waiter = this.take(answer.id);
    if ('fault' in answer) waiter?.reject(reviveFault(answer.fault));
    else waiter?.resolve(answer.value);
  }

  private take(id: number) {
    const waiter = this.waiting.get(id);
    this.waiting.delete(id);
    return waiter;
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
