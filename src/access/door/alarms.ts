import type { DoorAlarm } from '../events.ts';
import { heldAt } from './openings.ts';
import type { Turn } from './turn.ts';
import { stuck } from './wanted.ts';

/** Alarms that stand for as long as something is so. (Those of openings come and go with them.) */
export function standAlarms(turn: Turn): void {
  const { rules, state } = turn;
  const { contacts, exits, fire, tampers, barrier } = state;
  const named = <T>(things: Readonly<Record<string, T>>, is: (thing: T) => boolean): string[] =>
    Object.keys(things).filter((name) => {
      const thing = things[name];
      return thing !== undefined && is(thing);
    });
  const about = (alarm: DoorAlarm, inputs: readonly string[]) =>
    turn.stand(alarm, inputs.length > 0, { inputs });

  about(
    'contact-fault',
    named(contacts, ({ settled }) => settled === 'unreadable'),
  );
  about(
    'rex-fault',
    named(exits, ({ level }) => level === 'unreadable'),
  );
  about(
    'rex-stuck',
    named(exits, (exit) => stuck(rules, exit, turn.up)),
  );
  about(
    'fire-unreadable',
    named(fire, ({ level }) => level === 'unreadable'),
  );
  about(
    'tamper',
    named(tampers, (level) => level !== 'fine'),
  );
  turn.stand('presence-fault', rules.presence && barrier.presence === 'unreadable');
  turn.stand('board-lost', state.board_lost);
  turn.stand('interlock-broken', state.blocked_by !== undefined && state.position === 'open', {
    inputs: state.blocked_by === undefined ? [] : [state.blocked_by],
  });
  const { soon, held } = heldAt(turn);
  turn.stand('held', held <= turn.up);
  turn.stand('held-soon', soon <= turn.up && held > turn.up);
}
