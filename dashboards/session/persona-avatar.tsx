/** Initials on a tint that belongs to the name. */
import styles from './persona-avatar.module.css';

const TINTS = 6;

export function PersonaAvatar({ name, size = 34 }: { readonly name: string; readonly size?: number }) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '')][0] ?? '';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (
    <span className={styles.avatar} data-tint={sum % TINTS} style={{ width: size, height: size }} aria-hidden="true">
      {(first + last).toUpperCase()}
    </span>
  );
}
