/** Entry point of the process that `rules-swap.ts` measures in. */
import { measureSwap } from './rules-swap.ts';

process.send?.(await measureSwap());
process.disconnect();
