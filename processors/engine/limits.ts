/**
 * Every bound of the engine's state, by name. What happens at a bound is stated beside it; whatever is cut or refused
 * is counted in `EngineStats`. History and window bounds come with the rule set (`EngineSettings`), not from here.
 */

/** Interned ids (customers, cards, devices, merchants, addresses …). Past it an event with a new id is poison. */
export const ENTITIES_MAX = 200_000_000;
/** Bytes of the longest id that is interned; ingest admits 256 characters. */
export const ENTITY_TEXT_UNITS_MAX = 1_024;
/** Keys with windows, over all series. Past it an event that needs a new one is poison. */
export const CELLS_MAX = 200_000_000;
/** Customers and merchants in state, provisional customers and places included. Past it an event of a new one is poison. */
export const CUSTOMERS_MAX = 100_000_000;
export const MERCHANTS_MAX = 100_000_000;
/** Keys with sequences, over all patterns. Past it an event that needs a new one is poison. */
export const SEQUENCE_CELLS_MAX = 100_000_000;
/** Distinct sequences of the rule sets that are live or staged. A rule set with more is poison. */
export const PATTERNS_MAX = 1_024;
/** Keys of sequences that one frame looks at, to let go of those that nothing can reach any more. */
export const SEQUENCE_SWEEP_PER_FRAME = 64;
/** Timers that wait, in all and for one customer. Past either, an event sets none, which is counted. */
export const TIMERS_MAX = 1_000_000;
export const TIMERS_PER_CUSTOMER_MAX = 32;
/**
 * Timers of shadow rules that wait, beside the others and in all: they take no customer's room for the others. Past it, an
 * event sets none, which is counted.
 */
export const SHADOW_TIMERS_MAX = 250_000;
/** Rule sets that wait to go live. A further one takes the place of the one whose newest part came first, which is counted. */
export const STAGED_RULESETS_MAX = 4;
/** Parts of one staged rule set; a stage entry that says more is poison. */
export const STAGE_PARTS_MAX = 10_000;
/**
 * Milliseconds by the log's clock after which a rule set whose windows are being filled, and of which no part has come, is
 * taken to be given up: its windows are let go, which is counted. A further one takes its place at once.
 */
export const WARMING_IDLE_MAX_MS = 3_600_000;
/** Windows whose coverage is told when a rule set goes live; further ones are counted in it. */
export const COVERED_WINDOWS_RECORDED_MAX = 200;
/** Distinct paths that windows of a rule set have for keys. A rule set with more is poison. */
export const KEY_PATHS_MAX = 64;
/** Characters of the longest value at such a path that is a key; an event with a longer one has no such key. */
export const PATH_KEY_UNITS_MAX = 256;
/**
 * Bytes of what windows of `distinct`, and as many of what those of `percentile`, keep from one read to the next where a key has
 * many events. Past it those that were not read lately make room, and look at each event when they are read again.
 */
export const MOVING_WINDOWS_BYTES_MAX = 67_108_864;
/** Distinct (type, over, of, where) of a rule set. A rule set with more is poison. */
export const SERIES_MAX = 4_096;

/** Devices remembered of one customer; the one seen first makes room. */
export const DEVICES_KNOWN_MAX = 16;
/** Card issuers remembered of one customer; the one seen first makes room. */
export const ISSUERS_KNOWN_MAX = 8;
/** Identifiers linked to one customer; a profile that would exceed it is poison. */
export const LINKS_PER_CUSTOMER_MAX = 256;
/** Earlier owners of an identifier that are still asked for duplicates; the oldest makes room. */
export const FORMER_OWNERS_MAX = 8;
/** Identifiers that had an earlier owner. Past it the earliest owners of further ones are forgotten, which is counted. */
export const FORMER_OWNERS_RECORDS_MAX = 10_000_000;
/** Hops from an identifier to its customer. */
export const ALIAS_HOPS_MAX = 8;
/** Unpaid bills of one customer; the one due first makes room. */
export const OPEN_BILLS_MAX = 32;
/** Offers of one customer that still matter (cooldown or validity); the oldest makes room. */
export const OFFERS_REMEMBERED_MAX = 64;
/** Shadow rules that the record of one event names; further ones that fired are counted in it. */
export const SHADOW_RULES_RECORDED_MAX = 1_000;
/** Offers that one event may cause; further fired offer rules are counted, not issued. */
export const OFFERS_PER_EVENT_MAX = 8;

/** Details of customers, and places, that are kept decoded. The slab holds them all; this only saves decoding. */
export const DETAILS_DECODED_MAX = 4_096;
export const PLACES_DECODED_MAX = 16_384;

/** Places in the registry; past it a new place is poison. */
export const PLACES_MAX = 1_000_000;
/** Named lists, and entries of one; an entry past either is poison. */
export const LISTS_MAX = 1_000;
export const LIST_ENTRIES_MAX = 1_000_000;
/** Entries of all lists together, replaced ones that are not yet swept included. */
export const LIST_ENTRIES_TOTAL_MAX = 100_000_000;
/** Entries that one frame looks at to sweep what a replaced list left behind. */
export const LIST_SWEEP_PER_FRAME = 512;

/** Bytes of one outcome part. JetStream takes 1 MiB a message; the rest is headroom for headers. */
export const PART_BYTES_MAX = 900 * 1_024;
/** Characters of a poison message. */
export const POISON_MESSAGE_UNITS_MAX = 1_000;
/** Words of the slab that must be left for an event to be taken: 32 MiB, more than any one makes the state grow by. */
export const COMMIT_WORDS_MAX = 2 ** 22;
/**
 * Lines of 64 bytes that a snapshot holds because they changed before they were copied: 272 MiB. Past it the snapshot is given
 * up, which is counted, and a later one tries again.
 */
export const UNDO_LINES_MAX = 4_194_304;
