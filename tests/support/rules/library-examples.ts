/** The documented examples of json-rules-engine: rules, facts, runs, and the types of the events that come out. */
import type { LibraryOptions } from '../../../rules/compile-rules.ts';

type Json = Record<string, unknown>;
type AlmanacLike = { factValue(name: string, params?: Json, path?: string): unknown };

export interface Example {
  readonly rules: readonly Json[];
  readonly options?: LibraryOptions;
  /** Set on the engine as its documentation does. */
  readonly facts: Json;
  readonly runs: readonly Json[];
  readonly wanted: readonly (readonly string[])[];
}

const ACCOUNTS: Record<string, Json> = {
  washington: {
    company: 'microsoft',
    status: 'terminated',
    ptoDaysTaken: ['2016-02-21', '2016-03-28'],
    createdAt: '2012-02-14',
  },
  jefferson: { company: 'apple', status: 'terminated', ptoDaysTaken: ['2015-01-25'], createdAt: '2005-04-03' },
  lincoln: {
    company: 'microsoft',
    status: 'active',
    ptoDaysTaken: ['2016-02-21', '2016-12-25', '2016-03-28'],
    createdAt: '2015-06-26',
  },
};
const accountInformation = async (_params: unknown, almanac: AlmanacLike) =>
  ACCOUNTS[String(await almanac.factValue('accountId'))];

export const EXAMPLES: Record<string, Example> = {
  'hello world': {
    rules: [
      {
        conditions: { all: [{ fact: 'displayMessage', operator: 'equal', value: true }] },
        event: { type: 'message', params: { data: 'hello-world!' } },
      },
    ],
    facts: {},
    runs: [{ displayMessage: true }, { displayMessage: false }],
    wanted: [['message'], []],
  },
  'nested boolean logic': {
    rules: [
      {
        conditions: {
          any: [
            {
              all: [
                { fact: 'gameDuration', operator: 'equal', value: 40 },
                { fact: 'personalFoulCount', operator: 'greaterThanInclusive', value: 5 },
              ],
              name: 'short foul limit',
            },
            {
              all: [
                { fact: 'gameDuration', operator: 'equal', value: 48 },
                { not: { fact: 'personalFoulCount', operator: 'lessThan', value: 6 } },
              ],
              name: 'long foul limit',
            },
          ],
        },
        event: { type: 'fouledOut', params: { message: 'Player has fouled out!' } },
      },
    ],
    facts: {},
    runs: [
      { personalFoulCount: 6, gameDuration: 40 },
      { personalFoulCount: 5, gameDuration: 48 },
      { personalFoulCount: 6, gameDuration: 48 },
    ],
    wanted: [['fouledOut'], [], ['fouledOut']],
  },
  'dynamic facts': {
    rules: [
      {
        conditions: {
          all: [
            { fact: 'account-information', operator: 'equal', value: 'microsoft', path: '$.company' },
            { fact: 'account-information', operator: 'in', value: ['active', 'paid-leave'], path: '$.status' },
            { fact: 'account-information', operator: 'contains', value: '2016-12-25', path: '$.ptoDaysTaken' },
          ],
        },
        event: {
          type: 'microsoft-christmas-pto',
          params: { message: 'current microsoft employee taking christmas day off' },
        },
      },
    ],
    facts: { 'account-information': accountInformation },
    runs: [{ accountId: 'lincoln' }, { accountId: 'washington' }],
    wanted: [['microsoft-christmas-pto'], []],
  },
  'fact dependency': {
    rules: [
      {
        conditions: {
          all: [
            { fact: 'account-information', operator: 'equal', value: 'microsoft', path: '$.company' },
            { fact: 'account-information', operator: 'equal', value: 'terminated', path: '$.status' },
            { fact: 'employee-tenure', params: { unit: 'years' }, operator: 'greaterThan', value: 3 },
          ],
        },
        event: { type: 'microsoft-terminated-long', params: {} },
      },
    ],
    facts: {
      'account-information': accountInformation,
      'employee-tenure': async (params: { unit: string }, almanac: AlmanacLike) => {
        const created = String(await almanac.factValue('account-information', {}, '$.createdAt'));
        const years = 2016 - Number(created.slice(0, 4));
        return params.unit === 'years' ? years : years * 12;
      },
    },
    runs: [{ accountId: 'washington' }, { accountId: 'lincoln' }, { accountId: 'jefferson' }],
    wanted: [['microsoft-terminated-long'], [], []],
  },
  'condition priorities': {
    rules: [
      {
        conditions: {
          all: [
            { fact: 'account-information', operator: 'equal', value: 'microsoft', path: '$.company', priority: 2 },
            { fact: 'date', operator: 'lessThan', value: 1_467_331_200_000 },
          ],
        },
        event: { type: 'microsoft-employees', params: {} },
      },
    ],
    facts: { 'account-information': accountInformation, date: 1_455_745_564_000 },
    runs: [{ accountId: 'washington' }, { accountId: 'jefferson' }],
    wanted: [['microsoft-employees'], []],
  },
  'custom operators': {
    rules: [
      {
        conditions: { all: [{ fact: 'word', operator: 'startsWithLetter', value: 'a' }] },
        event: { type: 'start-with-a' },
      },
      {
        conditions: { all: [{ fact: 'word', operator: 'startsWithLetter', value: 'b' }] },
        event: { type: 'start-with-b' },
      },
    ],
    options: {
      operators: { startsWithLetter: (fact, value) => typeof fact === 'string' && fact.startsWith(String(value)) },
    },
    facts: {},
    runs: [{ word: 'bacon' }, { word: 'antelope' }, { word: 'zebra' }],
    wanted: [['start-with-b'], ['start-with-a'], []],
  },
  'rule chaining': {
    rules: [
      {
        conditions: {
          all: [
            { fact: 'drinksOrangeJuice', operator: 'equal', value: true },
            { fact: 'enjoysVodka', operator: 'equal', value: true },
          ],
        },
        event: { type: 'drinks-screwdrivers' },
        priority: 10,
        onSuccess: (_event: unknown, almanac: { addRuntimeFact(name: string, value: unknown): void }) =>
          almanac.addRuntimeFact('screwdriverAficionado', true),
        onFailure: (_event: unknown, almanac: { addRuntimeFact(name: string, value: unknown): void }) =>
          almanac.addRuntimeFact('screwdriverAficionado', false),
      },
      {
        conditions: {
          all: [
            { fact: 'screwdriverAficionado', operator: 'equal', value: true },
            { fact: 'isSociable', operator: 'equal', value: true },
            { fact: 'accountInfo', path: '$.company', operator: 'equal', value: 'microsoft' },
          ],
        },
        event: { type: 'invite-to-screwdriver-social' },
        priority: 5,
      },
    ],
    facts: {},
    runs: [
      { drinksOrangeJuice: true, enjoysVodka: true, isSociable: true, accountInfo: { company: 'microsoft' } },
      { drinksOrangeJuice: true, enjoysVodka: false, isSociable: true, accountInfo: { company: 'microsoft' } },
    ],
    wanted: [['drinks-screwdrivers', 'invite-to-screwdriver-social'], []],
  },
  'fact comparison': {
    rules: [
      {
        conditions: {
          all: [
            {
              fact: 'account',
              path: '$.balance',
              operator: 'greaterThanInclusive',
              value: { fact: 'product', path: '$.price', params: { id: 'giftCard' } },
            },
          ],
        },
        event: { type: 'customer-can-afford-gift-card' },
      },
    ],
    facts: { product: (params: { id: string }) => ({ giftCard: { price: 50 }, other: { price: 1 } })[params.id] },
    runs: [{ account: { balance: 500 } }, { account: { balance: 49 } }],
    wanted: [['customer-can-afford-gift-card'], []],
  },
  'condition sharing': {
    rules: [
      {
        conditions: {
          all: [{ condition: 'screwdriverAficionado' }, { fact: 'isSociable', operator: 'equal', value: true }],
        },
        event: { type: 'invite' },
      },
      { conditions: { all: [{ not: { condition: 'screwdriverAficionado' } }] }, event: { type: 'offer-water' } },
    ],
    options: {
      conditions: {
        screwdriverAficionado: {
          all: [
            { fact: 'juice', operator: 'equal', value: true },
            { fact: 'vodka', operator: 'equal', value: true },
          ],
        },
      },
    },
    facts: {},
    runs: [
      { juice: true, vodka: true, isSociable: true },
      { juice: true, vodka: false, isSociable: true },
    ],
    wanted: [['invite'], ['offer-water']],
  },
  'facts in events': {
    rules: [
      {
        conditions: { all: [{ fact: 'currentPrice', operator: 'lessThan', value: { fact: 'limit' } }] },
        event: {
          type: 'buy',
          params: { price: { fact: 'currentPrice' }, nested: { fact: 'account', path: '$.id' }, plain: 1 },
        },
      },
    ],
    options: { replaceFactsInEventParams: true },
    facts: { account: { id: 'acc-1' } },
    runs: [{ currentPrice: 5, limit: 10 }],
    wanted: [['buy']],
  },
  'operator decorators': {
    rules: [
      {
        conditions: { all: [{ fact: 'tags', operator: 'someFact:in', value: ['vip', 'gold'] }] },
        event: { type: 'valued' },
      },
      {
        conditions: { all: [{ fact: 'tags', operator: 'everyFact:caseInsensitive:notEqual', value: 'BLOCKED' }] },
        event: { type: 'not-blocked' },
      },
      {
        conditions: { all: [{ fact: 'name', operator: 'swap:contains', value: ['ann', 'bob'] }] },
        event: { type: 'known' },
      },
    ],
    options: {
      decorators: {
        caseInsensitive: (fact, value, next) => next(String(fact).toLowerCase(), String(value).toLowerCase()),
      },
    },
    facts: {},
    runs: [
      { tags: ['vip', 'x'], name: 'ann' },
      { tags: ['blocked'], name: 'eve' },
    ],
    wanted: [['valued', 'not-blocked', 'known'], []],
  },
};
