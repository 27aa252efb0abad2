/** What the engine made of events, as rows: decisions, alerts, offers, withdrawals, shadow and rule sets. */
import type {
  AlertOutcome,
  DecisionOutcome,
  OfferOutcome,
  Reason,
  RulesetOutcome,
  RulesetPartOutcome,
  ShadowOutcome,
  WithdrawnOutcome,
} from '../../core/outcomes/outcome.ts';
import type { DecisionItem } from '../../core/outcomes/outcome-items.ts';
import { ArrayColumn } from '../native/array-column.ts';
import { Float64Column, Int64Column, UInt8Column, UInt32Column } from '../native/number-columns.ts';
import { StringColumn, TagColumn } from '../native/text-columns.ts';
import { addPositionColumns, type RowPosition, TIME_TYPE } from './position-columns.ts';
import { TableWriter } from './table-writer.ts';

/** A table writer with its own way to append. */
export interface RowWriter<A extends readonly unknown[]> extends TableWriter {
  append(...row: A): void;
}

function withAppend<A extends readonly unknown[]>(writer: TableWriter, append: (...row: A) => void): RowWriter<A> {
  return Object.assign(writer, {
    append(...row: A) {
      append(...row);
      writer.rows++;
    },
  });
}

interface ReasonColumns {
  push(reasons: readonly Reason[]): void;
  pushNone(): void;
}

function addReasonColumns(writer: TableWriter): ReasonColumns {
  const ruleIds = writer.add('reason_rule_ids', new ArrayColumn<string>(new StringColumn()));
  const ruleVersions = writer.add('reason_rule_versions', new ArrayColumn<number>(new UInt32Column()));
  const codes = writer.add('reason_codes', new ArrayColumn<string>(new StringColumn()));
  const messages = writer.add('reason_messages', new ArrayColumn<string>(new StringColumn()));
  const columns = [ruleIds, ruleVersions, codes, messages];
  return {
    push(reasons) {
      ruleIds.push(reasons.map((reason) => reason.ruleId));
      ruleVersions.push(reasons.map((reason) => reason.ruleVersion));
      codes.push(reasons.map((reason) => reason.code));
      messages.push(reasons.map((reason) => reason.message));
    },
    pushNone() {
      for (const column of columns) column.pushEmpty();
    },
  };
}

export interface DecisionWriter extends RowWriter<[DecisionOutcome, RowPosition]> {
  /** The row of a decision without reasons that is read where it lies. */
  appendItem(bytes: Uint8Array, item: DecisionItem, source: string, end: number, position: RowPosition): void;
}

export function createDecisionWriter(): DecisionWriter {
  const writer = new TableWriter('decisions');
  const pushPosition = addPositionColumns(writer);
  const eventId = writer.add('event_id', new StringColumn());
  const source = writer.add('source', new TagColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const decision = writer.add('decision', new TagColumn());
  const score = writer.add('score', new Float64Column());
  const rulesetVersion = writer.add('ruleset_version', new UInt32Column());
  const reasons = addReasonColumns(writer);
  const trace = writer.add('trace', new StringColumn());
  const rows = withAppend<[DecisionOutcome, RowPosition]>(writer, (outcome, position) => {
    pushPosition(position);
    eventId.push(outcome.eventId);
    source.push(outcome.source);
    customer.push(outcome.customer);
    time.push(outcome.timeMs);
    decision.push(outcome.decision);
    score.push(outcome.score);
    rulesetVersion.push(outcome.rulesetVersion);
    reasons.push(outcome.reasons);
    trace.pushBytes(outcome.trace);
  });
  return Object.assign(rows, {
    appendItem(bytes: Uint8Array, item: DecisionItem, sourceName: string, end: number, position: RowPosition) {
      pushPosition(position);
      eventId.pushFrom(bytes, item.eventIdAt, item.eventIdLength);
      source.push(sourceName);
      customer.pushFrom(bytes, item.customerAt, item.customerLength);
      time.push(item.timeMs);
      decision.push(item.decision);
      score.push(item.score);
      rulesetVersion.push(item.rulesetVersion);
      reasons.pushNone();
      trace.pushFrom(bytes, item.traceAt, end - item.traceAt);
      writer.rows++;
    },
  });
}

/** What an alert's transaction adds for KPIs: an alert outcome does not carry these itself. */
export interface AlertDimensions {
  readonly kind: string;
  readonly department: string;
}

export function createAlertWriter(): RowWriter<[AlertOutcome, AlertDimensions, RowPosition]> {
  const writer = new TableWriter('alerts');
  const pushPosition = addPositionColumns(writer);
  const alertId = writer.add('alert_id', new StringColumn());
  const eventId = writer.add('event_id', new StringColumn());
  const source = writer.add('source', new TagColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const decision = writer.add('decision', new TagColumn());
  const score = writer.add('score', new Float64Column());
  const amount = writer.add('amount', new Int64Column('Int64'));
  const merchantId = writer.add('merchant_id', new StringColumn());
  const rulesetVersion = writer.add('ruleset_version', new UInt32Column());
  const reasons = addReasonColumns(writer);
  const dimensions = addDimensionColumns(writer);
  const kind = writer.add('kind', new TagColumn());
  const department = writer.add('department', new TagColumn());
  return withAppend(writer, (outcome, added, position) => {
    pushPosition(position);
    alertId.push(outcome.alertId);
    eventId.push(outcome.eventId);
    source.push(outcome.source);
    customer.push(outcome.customer);
    time.push(outcome.timeMs);
    decision.push(outcome.decision);
    score.push(outcome.score);
    amount.push(outcome.amount);
    merchantId.push(outcome.merchantId);
    rulesetVersion.push(outcome.rulesetVersion);
    reasons.push(outcome.reasons);
    dimensions(outcome);
    kind.push(added.kind);
    department.push(added.department);
  });
}

export function createOfferWriter(): RowWriter<[OfferOutcome, RowPosition]> {
  const writer = new TableWriter('offers');
  const pushPosition = addPositionColumns(writer);
  const offerId = writer.add('offer_id', new StringColumn());
  const campaignId = writer.add('campaign_id', new TagColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const validUntil = writer.add('valid_until', new Int64Column(TIME_TYPE));
  const title = writer.add('title', new StringColumn());
  const body = writer.add('body', new StringColumn());
  const reason = writer.add('reason', new StringColumn());
  const hasPlace = writer.add('has_place', new UInt8Column());
  const placeId = writer.add('place_id', new StringColumn());
  const placeName = writer.add('place_name', new StringColumn());
  const placeCategory = writer.add('place_category', new TagColumn());
  const placeLat = writer.add('place_lat', new Float64Column());
  const placeLon = writer.add('place_lon', new Float64Column());
  const distanceM = writer.add('distance_m', new Float64Column());
  const ruleId = writer.add('rule_id', new TagColumn());
  const ruleVersion = writer.add('rule_version', new UInt32Column());
  const rulesetVersion = writer.add('ruleset_version', new UInt32Column());
  const dimensions = addDimensionColumns(writer);
  return withAppend(writer, (outcome, position) => {
    const { place } = outcome;
    pushPosition(position);
    offerId.push(outcome.offerId);
    campaignId.push(outcome.campaignId);
    customer.push(outcome.customer);
    time.push(outcome.timeMs);
    validUntil.push(outcome.validUntilMs);
    title.push(outcome.title);
    body.push(outcome.body);
    reason.push(outcome.reason);
    hasPlace.push(place === undefined ? 0 : 1);
    placeId.push(place?.id ?? '');
    placeName.push(place?.name ?? '');
    placeCategory.push(place?.category ?? '');
    placeLat.push(place?.lat ?? Number.NaN);
    placeLon.push(place?.lon ?? Number.NaN);
    distanceM.push(outcome.distanceM ?? Number.NaN);
    ruleId.push(outcome.ruleId);
    ruleVersion.push(outcome.ruleVersion);
    rulesetVersion.push(outcome.rulesetVersion);
    dimensions(outcome);
  });
}

export function createWithdrawalWriter(): RowWriter<[WithdrawnOutcome, RowPosition]> {
  const writer = new TableWriter('withdrawals');
  const pushPosition = addPositionColumns(writer);
  const offerId = writer.add('offer_id', new StringColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const reason = writer.add('reason', new StringColumn());
  return withAppend(writer, (outcome, position) => {
    pushPosition(position);
    offerId.push(outcome.offerId);
    customer.push(outcome.customer);
    time.push(outcome.timeMs);
    reason.push(outcome.reason);
  });
}

export function createShadowWriter(): RowWriter<[ShadowOutcome, RowPosition]> {
  const writer = new TableWriter('shadow_outcomes');
  const pushPosition = addPositionColumns(writer);
  const eventId = writer.add('event_id', new StringColumn());
  const source = writer.add('source', new TagColumn());
  const customer = writer.add('customer', new StringColumn());
  const time = writer.add('time', new Int64Column(TIME_TYPE));
  const decision = writer.add('decision', new TagColumn());
  const score = writer.add('score', new Float64Column());
  const rulesetVersion = writer.add('ruleset_version', new UInt32Column());
  const ruleIds = writer.add('rule_ids', new ArrayColumn<string>(new StringColumn()));
  const ruleVersions = writer.add('rule_versions', new ArrayColumn<number>(new UInt32Column()));
  const more = writer.add('more', new UInt32Column());
  return withAppend(writer, (outcome, position) => {
    pushPosition(position);
    eventId.push(outcome.eventId);
    source.push(outcome.source);
    customer.push(outcome.customer);
    time.push(outcome.timeMs);
    decision.push(outcome.decision);
    score.push(outcome.score);
    rulesetVersion.push(outcome.rulesetVersion);
    ruleIds.push(outcome.rules.map((rule) => rule.ruleId));
    ruleVersions.push(outcome.rules.map((rule) => rule.ruleVersion));
    more.push(outcome.more);
  });
}

export function createRulesetWriter(): RowWriter<[RulesetOutcome, RowPosition]> {
  const writer = new TableWriter('rulesets');
  const pushPosition = addPositionColumns(writer);
  const version = writer.add('version', new UInt32Column());
  const author = writer.add('author', new StringColumn());
  const comment = writer.add('comment', new StringColumn());
  const documents = writer.add('documents', new StringColumn());
  const parts = writer.add('parts', new UInt32Column());
  const coverage = writer.add('coverage', new StringColumn());
  return withAppend(writer, (outcome, position) => {
    pushPosition(position);
    version.push(outcome.version);
    author.push(outcome.author);
    comment.push(outcome.comment);
    documents.push(JSON.stringify(outcome.documents));
    parts.push(outcome.parts ?? 0);
    coverage.push(outcome.coverage === undefined ? '' : JSON.stringify(outcome.coverage));
  });
}

export function createRulesetPartWriter(): RowWriter<[RulesetPartOutcome, RowPosition]> {
  const writer = new TableWriter('ruleset_parts');
  const pushPosition = addPositionColumns(writer);
  const version = writer.add('version', new UInt32Column());
  const part = writer.add('part', new UInt32Column());
  const documents = writer.add('documents', new StringColumn());
  return withAppend(writer, (outcome, position) => {
    pushPosition(position);
    version.push(outcome.version);
    part.push(outcome.part);
    documents.push(JSON.stringify(outcome.documents));
  });
}

function addDimensionColumns(
  writer: TableWriter,
): (dimensions: { businessLine: string; channel: string; region: string; currency: string }) => void {
  const businessLine = writer.add('business_line', new TagColumn());
  const channel = writer.add('channel', new TagColumn());
  const region = writer.add('region', new TagColumn());
  const currency = writer.add('currency', new TagColumn());
  return (dimensions) => {
    businessLine.push(dimensions.businessLine);
    channel.push(dimensions.channel);
    region.push(dimensions.region);
    currency.push(dimensions.currency);
  };
}
