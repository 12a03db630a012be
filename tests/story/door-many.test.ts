import { describe, expect, it } from 'vitest';
import { play, street } from '../support/door-play.ts';

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join(' | ');

describe('a door to which much happens', () => {
  it('does not believe a contact that finds no rest, and believes it again when it has been quiet', () => {
    const flutter = times(
      120,
      (index) => `${(1 + index * 0.02).toFixed(2)} ${index % 2 ? 'closed' : 'open'}`,
    );

    const told = play(street(), flutter, { after: 5 });

    expect(told).toEqual(['3 ALARM contact-fault', '4.38 ALARM-ENDED contact-fault']);
  });

  it('doubts its contact after ten unlocks in a row that nobody used, until it moves', () => {
    const cards = times(10, (index) => `${1 + index * 10} card c${index}`);

    const told = play(street(), `${cards} | 101 card z | 102 open | 103 closed`);

    const doubts = told.filter((line) => line.includes('contact-doubtful'));
    expect(doubts).toEqual(['97.05 ALARM contact-doubtful', '102.05 ALARM-ENDED contact-doubtful']);
  });

  it('does not doubt it where somebody opens now and then', () => {
    const cards = times(9, (index) => `${1 + index * 10} card c${index}`);

    const told = play(
      street(),
      `${cards} | 91 card y | 92 open | 93 closed | ${times(9, (index) => `${101 + index * 10} card d${index}`)}`,
      {
        after: 10,
      },
    );

    expect(told.filter((line) => line.includes('contact-doubtful'))).toEqual([]);
  });

  it('tells every one of many cards once how it ended, also those that overlap', () => {
    const cards = times(18, (index) => `${(1 + index / 10).toFixed(1)} card c${index}`);

    const told = play(street(), `${cards} | 4 open | 6 closed`, { after: 20 });

    const ended = told.filter((line) => line.includes('UNLOCK-ENDED'));
    expect(ended).toHaveLength(18);
    expect(new Set(ended.map((line) => line.split(' ')[2])).size).toBe(18);
    expect(ended.filter((line) => line.endsWith('opened close'))).toHaveLength(16);
  });
});
