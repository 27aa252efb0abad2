/** The customer's app: where I am, what is for me, what I owe, what I spent. */
import { IconGift, IconSwitchHorizontal } from '@tabler/icons-react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionDot } from '../app/connection-dot.tsx';
import { StateMessage } from '../app/state-message.tsx';
import type { FeedbackAction } from '../live/live-socket.ts';
import type { PhoneLive, PhoneView } from '../live/phone-live.ts';
import { PersonaAvatar } from '../session/persona-avatar.tsx';
import { BillList, TransactionList } from './account-lists.tsx';
import { OfferCard } from './offer-card.tsx';
import styles from './phone-screen.module.css';
import { type MapPlace, SmallMap } from './small-map.tsx';
import { useAccount, useNearby } from './use-account.ts';
import { useNow } from './use-now.ts';

export interface PhoneScreenProps {
  readonly customer: string;
  /** The demo's name of the customer, until the account has told. */
  readonly name: string | undefined;
  readonly live: PhoneLive;
  readonly view: PhoneView;
  onLeave(): void;
}

export function PhoneScreen({ customer, name, live, view, onLeave }: PhoneScreenProps) {
  const { t } = useTranslation();
  const nowMs = useNow();
  const account = useAccount(customer);
  const position = account.data?.position;
  const nearby = useNearby(customer, position);
  const shownName = account.data?.name ?? name ?? customer;
  const giveFeedback = useCallback(
    (offerId: string, action: FeedbackAction) => live.giveFeedback(offerId, action),
    [live],
  );

  // A card that expires between two looks at the clock is not shown either.
  const offers = view.offers.filter(({ offer }) => Date.parse(offer.validUntil) > nowMs);
  const offeredPlaces = offers.flatMap(({ offer }) => (offer.place === undefined ? [] : [offer.place]));
  const offeredIds = offeredPlaces.map((place) => place.id).join('\n');
  const nearbyPlaces = nearby.data?.places;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids stand for the offered places
  const places = useMemo<MapPlace[]>(() => {
    const known = new Map<string, MapPlace>((nearbyPlaces ?? []).map((place) => [place.id, place]));
    for (const place of offeredPlaces) known.set(place.id, place);
    return [...known.values()];
  }, [nearbyPlaces, offeredIds]);
  const offered = useMemo(() => new Set(offeredIds.split('\n')), [offeredIds]);

  return (
    <div className={styles.screen} data-testid="phone-screen" data-customer={customer}>
      <header className={styles.head}>
        <PersonaAvatar name={shownName} size={38} />
        <div className={styles.who}>
          <h2 className={styles.greeting}>{t('phone.greeting', { name: shownName })}</h2>
          <p className={styles.state} data-testid="phone-connection" data-state={view.connection.phase}>
            <ConnectionDot phase={view.connection.phase} />
            {t(`connection.${view.connection.phase}`)}
          </p>
        </div>
        <button type="button" className={styles.leave} aria-label={t('nav.signIn')} onClick={onLeave}>
          <IconSwitchHorizontal size={18} stroke={1.75} aria-hidden="true" />
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard */}
      <section className={styles.scroll} tabIndex={0} aria-label={t('phone.title')}>
        {(view.connection.phase === 'reconnecting' || view.connection.phase === 'stopped') && (
          <p className={styles.stale} role="status">
            {t('phone.stale')}
          </p>
        )}
        <section aria-label={t('phone.map')}>
          <SmallMap position={position} places={places} offered={offered} />
        </section>
        <section className={styles.section} aria-labelledby="phone-offers">
          <h3 id="phone-offers" className={styles.heading}>
            {t('phone.offers')}
          </h3>
          <div className={styles.cards} aria-live="polite" data-testid="phone-offers">
            {offers.map((held) => (
              <OfferCard key={held.offer.offerId} held={held} nowMs={nowMs} onFeedback={giveFeedback} />
            ))}
          </div>
          {offers.length === 0 && (
            <div className={styles.noOffers}>
              <StateMessage
                icon={<IconGift size={18} stroke={1.6} />}
                title={t('phone.noOffers')}
                hint={t('phone.noOffersHint')}
                testId="phone-no-offers"
              />
            </div>
          )}
        </section>
        {account.isError && account.data === undefined && (
          <StateMessage
            tone="bad"
            title={t('phone.feedFailed')}
            hint={account.error.message}
            action={{ label: t('app.retry'), onClick: () => void account.refetch() }}
          />
        )}
        {account.data !== undefined && account.data.bills.length > 0 && (
          <section className={styles.section}>
            <h3 className={styles.heading}>{t('phone.bills')}</h3>
            <BillList bills={account.data.bills} nowMs={nowMs} />
          </section>
        )}
        {account.data !== undefined && (
          <section className={styles.section}>
            <h3 className={styles.heading}>{t('phone.recent')}</h3>
            {account.data.transactions.length === 0 ? (
              <p className={styles.none}>{t('phone.noRecent')}</p>
            ) : (
              <TransactionList transactions={account.data.transactions} />
            )}
          </section>
        )}
      </section>
    </div>
  );
}
