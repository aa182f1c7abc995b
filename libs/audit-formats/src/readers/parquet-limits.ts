/** Longest footer; a column of a row group takes about 200 bytes of it. */
export const MAX_FOOTER_BYTES = 64 * 1024 * 1024;

/** Writers make pages of about 1 MiB. */
export const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** Values in one page; run lengths let a few bytes claim any number. */
export const MAX_PAGE_VALUES = 4_000_000;

/** Rows in one group; the usual writers make a million at most. */
export const MAX_GROUP_ROWS = 16_000_000;

/** Unpacked bytes of the columns in use of one row group. */
export const MAX_GROUP_BYTES = 4_096 * 1024 * 1024;

/** The same where a column is nested: then all rows of the group are in memory, at ten times their bytes. */
export const MAX_NESTED_GROUP_BYTES = 128 * 1024 * 1024;

/** Unpacked bytes that are decoded at a time where columns are flat. */
export const WINDOW_BYTES = 16 * 1024 * 1024;
