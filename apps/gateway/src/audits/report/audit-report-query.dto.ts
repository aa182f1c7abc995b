import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** Query of `GET /v1/audits/{id}/report`. */
export class AuditReportQuery {
  @ApiPropertyOptional({ enum: ['json', 'html'], default: 'json' })
  @IsOptional()
  @IsIn(['json', 'html'])
  format?: 'json' | 'html';

  @ApiPropertyOptional({ example: 'default@4', description: 'Policy to compare with, `id` or `id@version`. Default: the version in the shadow of the audit\'s policy.' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  draft?: string;
}
