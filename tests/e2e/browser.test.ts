/** What people see: the cockpit moves, the phone receives its customer's offer. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PERSONAS } from '../../loadtest/demo/personas.ts';
import { until } from '../support/until.ts';
import { launchBrowser, seriousViolations } from '../support/weir/browser.ts';
import { startWeir, type WeirUnderTest } from '../support/weir/weir.ts';

const VISIBLE_TIMEOUT_MS = 60_000;
const OFFER_TIMEOUT_MS = 90_000;
const SIZES = { desktop: { width: 1_440, height: 900 }, phone: { width: 390, height: 844 } } as const;

let weir: WeirUnderTest;
let browser: Browser;

beforeAll(async () => {
  weir = await startWeir({ demo: true });
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await weir?.stop();
});

/**
 * A page whose script errors fail the test that opened it. Without motion: half-faded text has no contrast, and what is
 * checked is the page at rest.
 */
async function openPage(path: string, size: keyof typeof SIZES): Promise<{ page: Page; errors: string[] }> {
  const context = await browser.newContext({ viewport: SIZES[size], locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => errors.push(`${request.url()} failed`));
  page.on('request', (request) => {
    if (!request.url().startsWith(weir.url) && request.url().startsWith('http')) errors.push(`asked ${request.url()}`);
  });
  await page.goto(`${weir.url}${path}`);
  return { page, errors };
}

async function numberIn(page: Page, testId: string, attribute: string): Promise<number> {
  return Number(await page.getByTestId(testId).first().getAttribute(attribute));
}

describe('the cockpit', () => {
  it('is reached with one click, and moves', async () => {
    const { page, errors } = await openPage('/', 'desktop');
    await page.getByTestId('sign-in-role-manager').click();
    await page.getByTestId('total-transactions').waitFor({ timeout: VISIBLE_TIMEOUT_MS });
    const before = await numberIn(page, 'total-transactions', 'data-value');
    await until('the cockpit to move', VISIBLE_TIMEOUT_MS, async () => {
      return (await numberIn(page, 'total-transactions', 'data-value')) !== before;
    });
    expect(await seriousViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

describe.each(['desktop', 'phone'] as const)('the phone page at %s size', (size) => {
  it('shows an offer for its customer', async () => {
    const persona = DEMO_PERSONAS[0];
    if (persona === undefined) throw new Error('the demo world has no persona');
    const { page, errors } = await openPage('/phone', size);
    await page.getByTestId(`sign-in-persona-${persona.customer}`).click();
    await page.getByTestId('phone-screen').waitFor({ timeout: VISIBLE_TIMEOUT_MS });
    await page.getByTestId('offer-card').first().waitFor({ timeout: OFFER_TIMEOUT_MS });
    // Others may be stored before it, and a newer one may come to stand first.
    await until('the offer that is shown to be stored', VISIBLE_TIMEOUT_MS, async () => {
      const shown = (await page.getByTestId('offer-card').first().textContent()) ?? '';
      const stored = await weir.select<{ title: string }>(
        `SELECT title FROM offers WHERE customer = '${persona.customer}'`,
      );
      return stored.some(({ title }) => shown.includes(title));
    });
    expect(await seriousViolations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
