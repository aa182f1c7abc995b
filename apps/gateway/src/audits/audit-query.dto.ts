import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';

/** Query of `GET /v1/audits`. */
export class ListAuditsQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 20 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}

/** Query of `GET /v1/audits/{id}/results`. */
export class AuditResultsQuery {
  @ApiPropertyOptional({ enum: ['jsonl'], default: 'jsonl' })
  @IsOptional()
  @IsIn(['jsonl'])
  format?: 'jsonl';
}
