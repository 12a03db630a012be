import { scenarios } from '../support/door-play.ts';

scenarios('what the contact shows (AC-11)', [
  {
    it: 'a bounce of the contact is no opening',
    play: '1 card ann | 2 open | 2.02 closed',
    after: 10,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 lock rest | 7.05 UNLOCK-ENDED ann not-opened time',
  },
  {
    it: 'an opening counts from when it began, not from when it was believed',
    play: '1 card ann | 2 open | 2.03 time | 2.05 time',
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann',
  },
  {
    it: 'a door that was open at the end of its unlock is told as opened, not as forced',
    play: '1 card ann | 5.98 open',
    after: 5,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 lock rest | 5.98 OPENED card ann | 6.03 UNLOCK-ENDED ann opened time',
  },
  {
    it: 'a hand on the handle in the moment of locking is no break-in',
    play: '1 card ann | 6.5 open',
    after: 1,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 lock rest | 6.5 OPENED card ann | 6.55 UNLOCK-ENDED ann opened time',
  },
  {
    it: 'a door that bounces off its frame is no break-in',
    play: '1 card ann | 2 open | 3 closed | 3.4 open | 3.6 closed',
    after: 5,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 3 CLOSED 1000 | 3.05 UNLOCK-ENDED ann opened close | 3.05 lock rest | 3.4 OPENED card ann | 3.6 CLOSED 200',
  },
  {
    it: 'a door without a contact never says that it was opened',
    rules: { contacts: [] },
    play: '1 card ann',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 UNLOCK-ENDED ann none time | 6 lock rest',
  },
  {
    it: 'an order for a door that stands open ends as open already',
    play: '1 card ann | 2 open | 3 order unlock',
    after: 8,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 3 unlock for 5 command | 8 UNLOCK-ENDED ann opened time | 8 UNLOCK-ENDED c already-open time | 8 lock rest',
  },
  {
    it: 'a contact that fails makes the door unknown, and the unlock too',
    play: '1 card ann | 2 unreadable',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 ALARM contact-fault | 6 UNLOCK-ENDED ann unknown time | 6 lock rest',
  },
  {
    it: 'a contact that fails and comes back before it is over leaves the unlock unknown',
    play: '1 card ann | 2 unreadable | 3 closed',
    after: 20,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 ALARM contact-fault | 4 ALARM-ENDED contact-fault | 6 UNLOCK-ENDED ann unknown time | 6 lock rest',
  },
  {
    it: 'a contact that comes back closed is believed after a second',
    play: '1 unreadable | 5 closed',
    after: 3,
    told: '1 ALARM contact-fault | 6 ALARM-ENDED contact-fault',
  },
  {
    it: 'a contact that comes back open was opened by nobody knows whom',
    play: '1 unreadable | 5 open | 20 closed',
    after: 3,
    told: '1 ALARM contact-fault | 6 ALARM found-open | 6 ALARM-ENDED contact-fault | 20 CLOSED 15000 | 20.05 ALARM-ENDED found-open',
  },
  {
    it: 'a door that was open when its contact failed is open when it is back, and counted on',
    play: '1 card ann | 2 open | 3 unreadable | 10 open',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 3 ALARM contact-fault | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 11 ALARM-ENDED contact-fault | 22 ALARM held-soon | 32 ALARM held | 32 ALARM-ENDED held-soon',
  },
  {
    it: 'two leaves are one door: it is open while either is',
    rules: { contacts: ['in', 'out'] },
    play: '1 card ann | 2 open | 3 open out | 4 closed | 5 closed out',
    after: 5,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 5 CLOSED 3000 | 5.05 UNLOCK-ENDED ann opened close | 5.05 lock rest',
  },
  {
    it: 'a leaf that cannot be read makes a shut door unknown, but not an open one shut',
    rules: { contacts: ['in', 'out'] },
    play: '1 card ann | 2 open | 3 unreadable out | 4 closed',
    after: 5,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 3 ALARM contact-fault | 6 UNLOCK-ENDED ann opened time | 6 lock rest',
  },
]);

scenarios('a break-in', [
  {
    it: 'an opening without a cause is told at once',
    play: '1 open',
    after: 100,
    told: '1.05 ALARM forced',
  },
  {
    it: 'it is over when the door is shut',
    play: '1 open | 9 closed',
    after: 5,
    told: '1.05 ALARM forced | 9 CLOSED 8000 | 9.05 ALARM-ENDED forced',
  },
  {
    it: 'a card afterwards does not undo it',
    play: '1 open | 2 card ann',
    after: 5,
    told: '1.05 ALARM forced | 2 GRANTED ann | 2 unlock for 5 card | 7 UNLOCK-ENDED ann already-open time | 7 lock rest',
  },
  {
    it: 'a break-in is not told as held too',
    play: '1 open',
    after: 200,
    told: '1.05 ALARM forced',
  },
  {
    it: 'after the hand had its time an opening is a break-in again',
    play: '1 card ann | 7.2 open',
    after: 1,
    told: '1 GRANTED ann | 1 unlock for 5 card | 6 lock rest | 7.05 UNLOCK-ENDED ann not-opened time | 7.25 ALARM forced',
  },
  {
    it: 'a contact that is torn off is an alarm by itself',
    play: '1 unreadable',
    after: 100,
    told: '1 ALARM contact-fault',
  },
]);

scenarios('open for too long', [
  {
    it: 'it is told beforehand, and then told',
    play: '1 card ann | 2 open',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 22 ALARM held-soon | 32 ALARM held | 32 ALARM-ENDED held-soon',
  },
  {
    it: 'shut in time after the first word, it is no alarm',
    play: '1 card ann | 2 open | 25 closed',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 22 ALARM held-soon | 25 CLOSED 23000 | 25.05 ALARM-ENDED held-soon',
  },
  {
    it: 'shut after the alarm, the alarm is over',
    play: '1 card ann | 2 open | 50 closed',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 22 ALARM held-soon | 32 ALARM held | 32 ALARM-ENDED held-soon | 50 CLOSED 48000 | 50.05 ALARM-ENDED held',
  },
  {
    it: 'another card gives the open door its time anew',
    play: '1 card ann | 2 open | 30 card bob',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 22 ALARM held-soon | 30 GRANTED bob | 30 ALARM-ENDED held-soon | 30 unlock for 5 card | 35 UNLOCK-ENDED bob already-open time | 35 lock rest | 50 ALARM held-soon | 60 ALARM held | 60 ALARM-ENDED held-soon',
  },
  {
    it: 'no first word, where none is wanted',
    rules: { prealarm_ms: 0 },
    play: '1 card ann | 2 open',
    after: 60,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest | 32 ALARM held',
  },
  {
    it: 'it may stand open for ever, where nobody wants to know',
    rules: { held_ms: 0 },
    play: '1 card ann | 2 open',
    after: 600,
    told: '1 GRANTED ann | 1 unlock for 5 card | 2 OPENED card ann | 6 UNLOCK-ENDED ann opened time | 6 lock rest',
  },
  {
    it: 'an unlock that lasts longer than it may stand open keeps the alarm waiting',
    play: '1 order unlock 60 | 2 open',
    after: 80,
    told: '1 unlock for 60 command | 2 OPENED command c | 51 ALARM held-soon | 61 UNLOCK-ENDED c opened time | 61 ALARM held | 61 ALARM-ENDED held-soon | 61 lock rest',
  },
  {
    it: 'while held open nobody counts; afterwards the time begins',
    play: '1 order hold-open | 2 open | 300 order end-hold',
    after: 60,
    told: '1 unlock held hold-open | 2 OPENED hold-open | 300 lock rest | 320 ALARM held-soon | 330 ALARM held | 330 ALARM-ENDED held-soon',
  },
]);
