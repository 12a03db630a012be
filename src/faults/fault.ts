import type { Json, JsonObject } from '../model/index.ts';
import { catalogue, type FaultCode, type FaultSpec } from './catalogue.ts';

/**
 * A coded error. Its message is made from the catalogue: what it means, with the facts filled in, then what to do.
 * `retry` says who may try again: `soon` the caller, `later` the caller after back-off, `never` nobody until something is changed.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly facts: JsonObject;
  readonly retry: FaultSpec['retry'];
  readonly remedy: string;

  constructor(code: FaultCode, facts: JsonObject = {}, options?: { readonly cause?: unknown }) {
    const spec: FaultSpec = catalogue[code];
    super(fill(spec.means, facts), options);
    this.code = code;
    this.facts = facts;
    this.retry = spec.retry;
    this.remedy = fill(spec.remedy, facts);
  }

  /** For logs and machine output. */
  toJSON(): JsonObject {
    return {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      retry: this.retry,
      facts: this.facts,
    };
  }
}

/** Structured clone (a worker's message) drops the class; this puts it back. */
export function reviveFault(plain: { readonly code: string; readonly facts: JsonObject }): Fault {
  return new Fault(plain.code in catalogue ? (plain.code as FaultCode) : 'internal', plain.facts);
}

export const isFault = (error: unknown, ...codes: FaultCode[]): error is Fault =>
  error instanceof Fault && (codes.length === 0 || codes.includes(error.code));

/** Any thrown thing as a Fault; what is not one becomes `internal`, with its text. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(
    'internal',
    { text: error instanceof Error ? error.message : String(error) },
    { cause: error },
  );
}

/** `{name}` in a text becomes the fact of that name. */
function fill(text: string, facts: JsonObject): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in facts ? show(facts[name] ?? null) : whole,
  );
}

const show = (fact: Json): string => (typeof fact === 'string' ? fact : JSON.stringify(fact));
