import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

const RESULT_FORMATS = ['jsonl', 'csv', 'parquet'] as const;
const RESULT_FILTERS = ['failed', 'flagged', 'blocked'] as const;

/** Query of `GET /v1/audits/{id}/results`. */
export class AuditResultsQuery {
  @ApiPropertyOptional({ enum: RESULT_FORMATS, default: 'jsonl' })
  @IsOptional()
  @IsIn(RESULT_FORMATS)
  format?: (typeof RESULT_FORMATS)[number];

  @ApiPropertyOptional({ enum: RESULT_FILTERS, description: 'Only lines that have no verdict, that are not allowed, or that are blocked.' })
  @IsOptional()
  @IsIn(RESULT_FILTERS)
  only?: (typeof RESULT_FILTERS)[number];
}
