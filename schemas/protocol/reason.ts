/** Characters of the reason for which something was done. */
export const maxReason = 1000;
