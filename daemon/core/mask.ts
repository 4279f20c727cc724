/** What stands in place of a secret's value. */
export const mask = '***';
