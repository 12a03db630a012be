import type { Request } from './request.ts';

/** Exchanges answered in a row without an echo, after which an adapter is believed to have none any more. */
const MISSES = 3;

/**
 * Whether the adapter hears itself: some RS-485 adapters give back what was sent in front of every reply. Functions 5 and 6 cannot show it: their
 * acknowledgement is the same bytes as their echo, as is that of a unit which repeats the whole request. To take one for the other would be to
 * say `done` for a unit that is dead.
 */
export class Echo {
  private readonly setting: 'auto' | 'drop' | 'none';
  private known: boolean | undefined;
  private misses = 0;

  constructor(setting: 'auto' | 'drop' | 'none') {
    this.setting = setting;
    this.known = setting === 'auto' ? undefined : setting === 'drop';
  }

  /** Another adapter may be behind the port now. */
  forget(): void {
    if (this.setting === 'auto') this.known = undefined;
    this.misses = 0;
  }

  /** Known to have none, by setting or by what was heard. */
  get absent(): boolean {
    return this.known === false;
  }

  /** Before such a request another one has to find out. */
  mustLearnBefore(request: Question): boolean {
    return this.known === undefined && looksLikeItsEcho(request);
  }

  /** What comes back may be, or begin with, the request itself. */
  mayFollow(request: Question): boolean {
    return this.setting !== 'none' && !(this.absent && looksLikeItsEcho(request));
  }

  heard(): void {
    if (this.setting === 'auto') this.known = true;
    this.misses = 0;
  }

  /** An exchange ended, with a reply or in clean silence, and there was none. */
  missed(request: Question): void {
    if (this.setting !== 'auto' || this.absent || looksLikeItsEcho(request)) return;
    this.misses += 1;
    if (this.known === undefined || this.misses >= MISSES) this.known = false;
  }
}

type Question = Pick<Request, 'pdu' | 'whole'>;

const looksLikeItsEcho = ({ pdu, whole }: Question): boolean => whole || pdu[0] === 5 || pdu[0] === 6;
