// The store's thread: a core behind messages. It has no timers and decides nothing; it answers in the order in which it is asked.
import { parentPort } from 'node:worker_threads';
import type { Lease } from '../contracts/index.ts';
import { asFault } from '../faults/index.ts';
import { callCore } from './backend.ts';
import { Core } from './core.ts';
import type { Answer, Question, Questions } from './rpc.ts';

let core: Core | undefined;

parentPort?.on('message', (questions: Questions) => {
  let answers: Answer[] = [];
  let transfer: ArrayBuffer[] = [];
  const send = () => {
    if (answers.length > 0) parentPort?.postMessage(answers, transfer);
    answers = [];
    transfer = [];
  };
  for (const question of questions) {
    // It waits for the disk; who asked before it need not.
    if (question.method === 'commit') send();
    const answer = answerTo(question);
    answers.push(answer.message);
    transfer.push(...answer.transfer);
  }
  send();
});

function answerTo(question: Question): { readonly message: Answer; readonly transfer: ArrayBuffer[] } {
  const { id } = question;
  try {
    if (question.method === 'open') {
      core = Core.open(question.options);
      return { message: { id, value: core.opened }, transfer: [] };
    }
    if (!core) throw new Error('asked before it was opened');
    const value = callCore(core, question.method, question.args);
    if (question.method !== 'lease' || !value) return { message: { id, value }, transfer: [] };
    // The answer to `lease`.
    const { lease, buffer } = inOneBuffer(value as unknown as Lease);
    return { message: { id, value: lease }, transfer: [buffer] };
  } catch (error) {
    const { code, facts } = asFault(error);
    return { message: { id, fault: { code, facts } }, transfer: [] };
  }
}

/** All bodies in one buffer, which is handed over instead of copied. */
function inOneBuffer(lease: Lease): { readonly lease: Lease; readonly buffer: ArrayBuffer } {
  const bytes = lease.parts.reduce((sum, { deflated }) => sum + deflated.length, 0);
  const buffer = new ArrayBuffer(bytes);
  let at = 0;
  const parts = lease.parts.map((part) => {
    const deflated = new Uint8Array(buffer, at, part.deflated.length);
    deflated.set(part.deflated);
    at += deflated.length;
    return { ...part, deflated };
  });
  return { lease: { ...lease, parts }, buffer };
}
