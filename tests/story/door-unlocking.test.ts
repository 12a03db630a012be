import { scenarios } from '../support/door-play.ts';

scenarios('an unlock that ends', [
  {
    it: 'a card unlocks for its time, and locks when nobody came',
    play: '1 card ann',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 lock rest | 7.05 UNLOCK-ENDED ann not-opened time',
  },
  {
    it: 'a door that is opened and closed locks again at once',
    play: '1 card ann | 2 open | 4 closed',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 4 CLOSED 2000 | 4.05 UNLOCK-ENDED ann opened close | 4.05 lock rest',
  },
  {
    it: 'a door that is told to wait for the time locks by it alone',
    rules: { relock: 'on-time' },
    play: '1 card ann | 2 open | 4 closed',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 4 CLOSED 2000 | 6 UNLOCK-ENDED ann opened time | 6 lock rest',
  },
  {
    it: 'a strike locks as soon as the door has opened',
    rules: { relock: 'on-open' },
    play: '1 card ann | 2 open | 4 closed',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 2.05 UNLOCK-ENDED ann opened open | 2.05 lock rest | 4 CLOSED 2000',
  },
  {
    it: 'a second card before the time is over lets the time begin anew',
    play: '1 card ann | 4 card bob',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 4 GRANTED bob | 4 unlock for 5 card | 9 lock rest | 10.05 UNLOCK-ENDED ann not-opened time | 10.05 UNLOCK-ENDED bob not-opened time',
  },
  {
    it: 'who needs longer gets longer, to pass and to stand in the door',
    play: '1 card eve extended | 3 open',
    after: 70,
    told: '1 GRANTED eve | 1 unlock for 15 card | 3 OPENED card eve | 16 UNLOCK-ENDED eve opened time | 16 lock rest | 53 ALARM held-soon | 63 ALARM held | 63 ALARM-ENDED held-soon',
  },
  {
    it: 'a shorter unlock does not shorten a longer one',
    play: '1 card eve extended | 2 card ann',
    after: 20,
    told: '1 GRANTED eve | 1 unlock for 15 card | 2 GRANTED ann | 16 lock rest | 17.05 UNLOCK-ENDED eve not-opened time | 17.05 UNLOCK-ENDED ann not-opened time',
  },
  {
    it: 'an unlock that is longer than the board can time is timed by the gateway, and says so',
    rules: { longest_ms: 20_000 },
    play: '1 order unlock 30',
    after: 60,
    told: '1 unlock for 30 by-host command | 31 lock rest | 32.05 UNLOCK-ENDED c not-opened time',
  },
  {
    it: 'a board without a timer is timed by the gateway, and says so',
    rules: { timing: 'host' },
    play: '1 card ann',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 by-host card | 6 lock rest | 7.05 UNLOCK-ENDED ann not-opened time',
  },
  {
    it: 'an order unlocks as long as it says',
    play: '1 order unlock 2',
    after: 20,
    told: '1 unlock for 2 command | 3 lock rest | 4.05 UNLOCK-ENDED c not-opened time',
  },
  {
    it: 'an order for no time at all is refused',
    play: '1 order unlock 0',
    told: '1 refused bad-time',
  },
  {
    it: 'an order for longer than an hour is refused',
    play: '1 order unlock 3601',
    told: '1 refused bad-time',
  },
  {
    it: 'an order to lock ends an unlock',
    play: '1 card ann | 2 order lock',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 lock rest | 3.05 UNLOCK-ENDED ann not-opened lock',
  },
  {
    it: 'a card that is denied moves nothing',
    play: '1 deny x unknown-card',
    after: 20,
    told: '1 DENIED x unknown-card | 1 refused unknown-card',
  },
]);

scenarios('the exit button', [
  {
    it: 'it unlocks, and the opening says why',
    play: '1 press | 1.3 let-go | 2 open | 4 closed',
    after: 10,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 2 OPENED rex | 4 CLOSED 2000 | 4.05 UNLOCK-ENDED opened close | 4.05 lock rest',
  },
  {
    it: 'held for a while it keeps the lock open, renewed before the board would end it',
    play: '1 press | 9 let-go',
    after: 10,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 3.5 unlock for 5 rex | 6 unlock for 5 rex | 8.5 unlock for 5 rex | 13.5 lock rest | 14.55 UNLOCK-ENDED not-opened time',
  },
  {
    it: 'held for too long it is stuck, and unlocks no more',
    play: '1 press',
    after: 90,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 3.5 unlock for 5 rex | 6 unlock for 5 rex | 8.5 unlock for 5 rex | 11 unlock for 5 rex | 13.5 unlock for 5 rex | 16 unlock for 5 rex | 18.5 unlock for 5 rex | 21 unlock for 5 rex | 23.5 unlock for 5 rex | 26 unlock for 5 rex | 28.5 unlock for 5 rex | 31 unlock for 5 rex | 33.5 unlock for 5 rex | 36 unlock for 5 rex | 38.5 unlock for 5 rex | 41 unlock for 5 rex | 43.5 unlock for 5 rex | 46 unlock for 5 rex | 48.5 unlock for 5 rex | 51 unlock for 5 rex | 53.5 unlock for 5 rex | 56 unlock for 5 rex | 58.5 unlock for 5 rex | 61 ALARM rex-stuck | 63.5 lock rest | 64.55 UNLOCK-ENDED not-opened time',
  },
  {
    it: 'stuck on an escape route it goes on unlocking, and says so',
    rules: { escape_route: true, rex_stuck_ms: 5000 },
    play: '1 press',
    after: 12,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 3.5 unlock for 5 rex | 6 ALARM rex-stuck | 6 unlock for 5 rex | 8.5 unlock for 5 rex | 11 unlock for 5 rex',
  },
  {
    it: 'a stuck button that is let go works again',
    play: '1 press | 70 let-go | 80 press | 81 let-go',
    after: 20,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 3.5 unlock for 5 rex | 6 unlock for 5 rex | 8.5 unlock for 5 rex | 11 unlock for 5 rex | 13.5 unlock for 5 rex | 16 unlock for 5 rex | 18.5 unlock for 5 rex | 21 unlock for 5 rex | 23.5 unlock for 5 rex | 26 unlock for 5 rex | 28.5 unlock for 5 rex | 31 unlock for 5 rex | 33.5 unlock for 5 rex | 36 unlock for 5 rex | 38.5 unlock for 5 rex | 41 unlock for 5 rex | 43.5 unlock for 5 rex | 46 unlock for 5 rex | 48.5 unlock for 5 rex | 51 unlock for 5 rex | 53.5 unlock for 5 rex | 56 unlock for 5 rex | 58.5 unlock for 5 rex | 61 ALARM rex-stuck | 63.5 lock rest | 64.55 UNLOCK-ENDED not-opened time | 70 ALARM-ENDED rex-stuck | 80 EXIT-REQUESTED | 80 unlock for 5 rex | 85 lock rest | 86.05 UNLOCK-ENDED not-opened time',
  },
  {
    it: 'one that only shunts does not unlock, and the opening is no break-in',
    rules: { rex: { out: 'shunt' } },
    play: '1 press | 1.5 let-go | 3 open',
    after: 1,
    told: '1 EXIT-REQUESTED | 3 OPENED rex',
  },
  {
    it: 'what it shunted is over after its time',
    rules: { rex: { out: 'shunt' } },
    play: '1 press | 1.5 let-go | 7 open',
    after: 1,
    told: '1 EXIT-REQUESTED | 7.05 ALARM forced',
  },
  {
    it: 'a stuck one does not hide a break-in',
    rules: { rex: { out: 'shunt' } },
    play: '1 press | 70 open',
    after: 1,
    told: '1 EXIT-REQUESTED | 61 ALARM rex-stuck | 70.05 ALARM forced',
  },
  {
    it: 'one that cannot be read is told, and does not open',
    play: '1 button?',
    after: 20,
    told: '1 ALARM rex-fault',
  },
  {
    it: 'pressed again and again it is one unlock',
    play: '1 press | 2 let-go | 3 press | 3.5 let-go',
    after: 20,
    told: '1 EXIT-REQUESTED | 1 unlock for 5 rex | 3 EXIT-REQUESTED | 3 unlock for 5 rex | 8 lock rest | 9.05 UNLOCK-ENDED not-opened time',
  },
  {
    it: 'a card and the button together end as two',
    play: '1 card ann | 2 press | 2.5 let-go | 3 open | 5 closed',
    after: 10,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 EXIT-REQUESTED | 2 unlock for 5 rex | 3 OPENED rex | 5 CLOSED 2000 | 5.05 UNLOCK-ENDED ann opened close | 5.05 UNLOCK-ENDED opened close | 5.05 lock rest',
  },
]);

scenarios('a schedule or a hold-open', [
  {
    it: 'a schedule unlocks and locks',
    play: '10 says unlock | 100 says lock',
    after: 20,
    told: '10 unlock held schedule | 100 lock rest',
  },
  {
    it: 'said again it does nothing',
    play: '10 says unlock | 20 says unlock | 100 says lock | 110 says lock',
    after: 20,
    told: '10 unlock held schedule | 100 lock rest',
  },
  {
    it: 'locked by hand it stays so until the schedule changes',
    play: '10 says unlock | 20 order lock | 30 says unlock | 40 says lock | 50 says unlock',
    after: 20,
    told: '10 unlock held schedule | 20 lock rest | 50 unlock held schedule',
  },
  {
    it: 'when the time is not known nothing begins',
    play: '10 says unknown',
    after: 20,
    told: '',
  },
  {
    it: 'when the time is lost what goes on goes on',
    play: '10 says unlock | 20 says unknown | 30 says lock',
    after: 20,
    told: '10 unlock held schedule | 30 lock rest',
  },
  {
    it: 'a card at the end of it has its own time',
    play: '10 says unlock | 99 card ann | 100 says lock',
    after: 20,
    told: '10 unlock held schedule | 99 GRANTED ann | 100 unlock for 4 card | 104 lock rest | 105.05 UNLOCK-ENDED ann not-opened time',
  },
  {
    it: 'somebody opening says that the schedule let him',
    play: '10 says unlock | 20 open | 22 closed',
    after: 20,
    told: '10 unlock held schedule | 20 OPENED schedule | 22 CLOSED 2000',
  },
  {
    it: 'a hold-open ends by itself where it was said',
    play: '10 order hold-open 60',
    after: 100,
    told: '10 unlock held hold-open | 70 lock rest',
  },
  {
    it: 'a hold-open beside a schedule goes on after it',
    play: '10 says unlock | 20 order hold-open | 30 says lock | 40 order end-hold',
    after: 20,
    told: '10 unlock held schedule | 40 lock rest',
  },
]);
