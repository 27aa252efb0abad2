import { testSeeds } from './seeds.ts';

testSeeds(601, 600);
