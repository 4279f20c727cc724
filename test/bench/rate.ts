import type { Bench } from './figure.ts';

export const rate: Bench = async () => [];
