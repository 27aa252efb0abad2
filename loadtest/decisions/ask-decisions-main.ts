/** Entry point of the asking process: see `ask-decisions.ts`. */
import { serveAskOrder } from './ask-decisions.ts';

serveAskOrder();
