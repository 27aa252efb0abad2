/** The state of a line in one dot; the word beside it says the same. */
import type { ConnectionPhase } from '../live/live-socket.ts';
import styles from './connection-dot.module.css';

export function ConnectionDot({ phase }: { readonly phase: ConnectionPhase }) {
  return <span className={styles.dot} data-phase={phase} aria-hidden="true" />;
}
