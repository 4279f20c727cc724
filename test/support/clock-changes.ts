/** Zones, and the days of 2026 on which their clocks are set. Kathmandu's never are, and are 5:45 ahead. */
export const clockChanges = {
  'Europe/Berlin': ['2026-03-29', '2026-10-25'],
  'America/New_York': ['2026-03-08', '2026-11-01'],
  'Australia/Lord_Howe': ['2026-04-05', '2026-10-04'],
  'Asia/Kathmandu': ['2026-03-29'],
  'Africa/Cairo': ['2026-04-24', '2026-10-30'],
} as const;
