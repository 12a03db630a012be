import pino from 'pino';
import type { Log } from '../contracts/index.ts';
import { Fault } from '../faults/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Fields that are never printed, wherever they stand. */
const SECRET_FIELDS = ['password', 'key', 'cert', 'token', 'pin', 'authorization'];
const REDACT = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** JSON lines on stderr, or short lines for people when `pretty`. Constant text, facts as fields, no secrets. */
export function openLog(options: {
  readonly level: LogLevel;
  readonly pretty: boolean;
  readonly write: (text: string) => void;
}): Log {
  const stream = {
    write: options.pretty ? (line: string) => options.write(prettyLine(line)) : options.write,
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACT, censor: '***' },
      serializers: { fault: (fault) => (fault instanceof Fault ? `${fault.code}: ${fault.message}` : fault) },
    },
    stream,
  );
  return wrap(logger);
}

const wrap = (logger: pino.Logger): Log => ({
  debug: (facts, text) => logger.debug(facts, text),
  info: (facts, text) => logger.info(facts, text),
  warn: (facts, text) => logger.warn(facts, text),
  error: (facts, text) => logger.error(facts, text),
  child: (facts) => wrap(logger.child(facts)),
});

function prettyLine(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line);
  const said = Object.entries(facts).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${msg}${said.length ? `  ${said.join(' ')}` : ''}\n`;
}
