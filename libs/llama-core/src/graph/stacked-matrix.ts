/** One or more matrices of a checkpoint stacked by rows: [sum of rows, columns]. */
export interface StackedMatrix {
  name: string;
  columns: number;
  parts: Array<{ tensor: string; rows: number }>;
  /** Stays float32 whatever the quantization. */
  exact?: boolean;
}

export const totalRows = (matrix: StackedMatrix): number => matrix.parts.reduce((sum, part) => sum + part.rows, 0);
