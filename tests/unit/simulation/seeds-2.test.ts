import { testSeeds } from './seeds.ts';

testSeeds(526, 525);
