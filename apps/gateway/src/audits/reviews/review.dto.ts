import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { AUDIT_VERDICTS, type AuditVerdict, type PolicyAction } from '@sallyport/contracts';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { ListQuery } from '../../http/list.dto.js';

/** Query of `GET /v1/audits/{id}/reviews`. */
export class ReviewsQuery extends ListQuery {
  @ApiPropertyOptional({ minimum: 0, default: 0, description: 'Lines after this one: `next` of the page before.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(2_147_483_646)
  after?: number;

  @ApiPropertyOptional({ enum: ['allow', 'review', 'block'], default: 'review' })
  @IsOptional()
  @IsIn(['allow', 'review', 'block'])
  decision?: PolicyAction;
}

/** Body of `POST /v1/audits/{id}/lines/{line}/labels`. */
export class LabelDto {
  @ApiProperty({ enum: AUDIT_VERDICTS })
  @IsIn(AUDIT_VERDICTS)
  label!: AuditVerdict;

  @ApiPropertyOptional({ type: [String], example: ['S1'], description: "Codes of the policy's categories that a harmful line is about." })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @IsString({ each: true })
  @MaxLength(128, { each: true })
  categories?: string[];

  @ApiProperty({ example: 'ada', description: 'Who says so; the same reviewer again replaces what was said.' })
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  reviewer!: string;

  @ApiPropertyOptional({ maxLength: 2_000 })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;
}

/** Query of `GET /v1/audits/{id}/labels`. */
export class LabelsQuery {
  @ApiPropertyOptional({ enum: ['jsonl'], default: 'jsonl' })
  @IsOptional()
  @IsIn(['jsonl'])
  format?: 'jsonl';

  @ApiPropertyOptional({ enum: ['harm', 'attack'], default: 'harm', description: 'What the rows are labelled for.' })
  @IsOptional()
  @IsIn(['harm', 'attack'])
  target?: 'harm' | 'attack';

  @ApiPropertyOptional({ description: 'Labels of this reviewer alone; default: what most reviewers say, without ties.' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  reviewer?: string;
}
