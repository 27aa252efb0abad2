/** Bills as facts: what is due by the local date, and what settles it. */
import { describe, expect, it } from 'vitest';
import { anEvent, aPayment, createScenario } from '../../support/engine/engine.ts';
import { at, HOME, here, offerRule } from '../../support/engine/rule-documents.ts';

describe('a bill', () => {
  const bill = (time: string, dueDate: string, data: Record<string, unknown> = {}) =>
    anEvent('bill', 'c-1', at(time), { amount: 123_450, currency: 'CNY', dueDate, issuer: 'ICBC', ...data });
  const due = offerRule('due', [{ fact: 'bill', path: '$.dueInDays', operator: 'lessThanInclusive', value: 2 }], {
    title: '{bill.amount} to {bill.issuer} due in {bill.dueInDays} days',
    body: 'Hello {customer.name}, pay',
    cooldown: '1s',
  });

  it('is a fact until it is paid, with the days left by the local date of the event', () => {
    const scenario = createScenario([due]).givenEvents(
      bill('08:00:00', '2026-11-26'),
      bill('08:00:01', '2026-11-25', { issuer: 'BOC' }),
    );
    expect(scenario.whenEvent(here('23:59:59')).offers()).toMatchObject([
      { title: '1234.50 CNY to BOC due in 2 days', body: 'Hello, pay' },
    ]);
    const offerId = scenario.offers()[0]?.offerId;
    expect(scenario.whenEvent(bill('23:59:59', '2026-11-25', { issuer: 'BOC', paid: true })).withdrawn()).toEqual([
      offerId,
    ]);
    expect(scenario.whenEvent(here('23:59:59')).offers()).toEqual([]);
    const midnight = anEvent('location', 'c-1', '2026-11-24T00:00:10+08:00', HOME);
    expect(scenario.whenRestarted().whenEvent(midnight).offers()).toMatchObject([
      { title: '1234.50 CNY to ICBC due in 2 days' },
    ]);
  });

  it('is settled by a payment to its issuer that covers it, and not by one that does not', () => {
    const paying = (time: string, amount: number, status: 'approved' | 'declined' = 'approved') =>
      aPayment('c-1', at(time), { amount, kind: 'bill_payment', counterparty: 'ICBC', status });
    const scenario = createScenario([due]).givenEvents(bill('08:00:00', '2026-11-25'), here('09:00:00'));
    const offerId = scenario.offers()[0]?.offerId;
    expect(scenario.whenEvent(paying('09:00:01', 123_449)).withdrawn()).toEqual([]);
    expect(scenario.whenEvent(paying('09:00:02', 123_450, 'declined')).withdrawn()).toEqual([]);
    expect(scenario.whenEvent(paying('09:00:03', 123_450)).withdrawn()).toEqual([offerId]);
    expect(scenario.engine.describeCustomer('c-1')).toMatchObject({ openBills: [], nextBill: null });
  });

  it('that is overdue gives way to the next one, and is told as overdue where there is none', () => {
    const scenario = createScenario([due]).givenEvents(bill('08:00:00', '2026-11-20'));
    expect(scenario.whenEvent(here('09:00:00')).offers()).toMatchObject([
      { title: '1234.50 CNY to ICBC due in -3 days' },
    ]);
    scenario.givenEvents(bill('09:00:01', '2026-11-24', { issuer: 'CMB' }));
    expect(scenario.whenEvent(here('09:01:00')).offers()).toMatchObject([
      { title: '1234.50 CNY to CMB due in 1 days' },
    ]);
  });
});
