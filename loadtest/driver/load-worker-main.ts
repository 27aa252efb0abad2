/** Entry point of a sending process: see `load-worker.ts`. */
import { serveLoadOrders } from './load-worker.ts';

serveLoadOrders();
