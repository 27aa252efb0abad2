/** One offer: what, where, how long. Tells once that it was seen, after a second in view. */
import { IconCheck, IconClock, IconMapPin, IconReceipt, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormatters } from '../i18n/use-formatters.ts';
import type { FeedbackAction } from '../live/live-socket.ts';
import type { HeldOffer } from '../live/offer-feed.ts';
import { CategoryIcon } from './category-icon.tsx';
import styles from './offer-card.module.css';

const SEEN_AFTER_MS = 1_000;
const SEEN_SHARE = 0.6;
const HURRY_MS = 5 * 60_000;

export interface OfferCardProps {
  readonly held: HeldOffer;
  readonly nowMs: number;
  onFeedback(offerId: string, action: FeedbackAction): void;
}

export function OfferCard({ held: { offer, state }, nowMs, onFeedback }: OfferCardProps) {
  const { t } = useTranslation();
  const formats = useFormatters();
  const card = useRef<HTMLElement>(null);
  const [explained, setExplained] = useState(false);
  const { offerId, place } = offer;
  const remainingMs = Date.parse(offer.validUntil) - nowMs;

  useEffect(() => {
    const element = card.current;
    if (element === null || state !== 'new') return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = new IntersectionObserver(
      ([entry]) => {
        clearTimeout(timer);
        if (entry?.isIntersecting === true) timer = setTimeout(() => onFeedback(offerId, 'seen'), SEEN_AFTER_MS);
      },
      { threshold: SEEN_SHARE },
    );
    watch.observe(element);
    return () => {
      clearTimeout(timer);
      watch.disconnect();
    };
  }, [offerId, state, onFeedback]);

  return (
    <article
      ref={card}
      className={styles.card}
      data-state={state}
      data-testid="offer-card"
      data-offer-id={offerId}
      aria-labelledby={`offer-${offerId}`}
    >
      <span className={styles.icon} aria-hidden="true">
        {place === undefined ? (
          <IconReceipt size={20} stroke={1.75} />
        ) : (
          <CategoryIcon category={place.category} size={20} />
        )}
      </span>
      <div className={styles.words}>
        <h3 id={`offer-${offerId}`} className={styles.title}>
          {offer.title}
        </h3>
        <p className={styles.body}>{offer.body}</p>
        <p className={styles.facts}>
          {place !== undefined && (
            <span className={styles.fact}>
              <IconMapPin size={13} stroke={1.9} aria-hidden="true" />
              {place.name}
              {offer.distanceM !== undefined && ` · ${formats.distance(offer.distanceM)}`}
            </span>
          )}
          <span className={styles.fact} data-hurry={remainingMs < HURRY_MS}>
            <IconClock size={13} stroke={1.9} aria-hidden="true" />
            <time dateTime={offer.validUntil} data-testid="offer-countdown">
              {t('phone.validFor', { time: formats.countdown(remainingMs) })}
            </time>
          </span>
        </p>
        {explained && <p className={styles.reason}>{offer.reason}</p>}
        <div className={styles.actions}>
          {state === 'accepted' ? (
            <span className={styles.accepted} data-testid="offer-accepted">
              <IconCheck size={15} stroke={2.2} aria-hidden="true" />
              {t('phone.accepted')}
            </span>
          ) : (
            <button
              type="button"
              className={styles.accept}
              onClick={() => onFeedback(offerId, 'accepted')}
              data-testid="offer-accept"
            >
              {t('phone.accept')}
            </button>
          )}
          <button
            type="button"
            className={styles.why}
            aria-expanded={explained}
            onClick={() => {
              setExplained(!explained);
              onFeedback(offerId, 'clicked');
            }}
            data-testid="offer-why"
          >
            {t('phone.details')}
          </button>
        </div>
      </div>
      <button
        type="button"
        className={styles.dismiss}
        aria-label={`${t('phone.dismiss')}: ${offer.title}`}
        onClick={() => onFeedback(offerId, 'dismissed')}
        data-testid="offer-dismiss"
      >
        <IconX size={16} stroke={1.9} aria-hidden="true" />
      </button>
    </article>
  );
}
