import pino from 'pino';
import type { Log } from '../contracts/index.ts';
import { redacted } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

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
    },
    stream,
  );
  return wrap(logger);
}

const wrap = (logger: pino.Logger): Log => ({
  debug: (facts, text) => logger.isLevelEnabled('debug') && logger.debug(redacted(facts), text),
  info: (facts, text) => logger.info(redacted(facts), text),
  warn: (facts, text) => logger.warn(redacted(facts), text),
  error: (facts, text) => logger.error(redacted(facts), text),
  child: (facts) => wrap(logger.child(redacted(facts))),
});

function prettyLine(line: string): string {
  const { level, time, msg, ...facts } = JSON.parse(line);
  const said = Object.entries(facts).map(([name, value]) => `${name}=${shown(value)}`);
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${msg}${said.length ? `  ${said.join(' ')}` : ''}\n`;
}

/** Control characters (of a device, of a broker) must not reach the terminal. */
const shown = (value: unknown): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  typeof value === 'string' && !/[\x00-\x1f\x7f-\x9f]/.test(value) ? value : JSON.stringify(value);
