/** Constant text, facts as fields; once at the edge and once when it ends. The one who decides, logs; drivers throw. */
export interface Log {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
  child(facts: object): Log;
}
