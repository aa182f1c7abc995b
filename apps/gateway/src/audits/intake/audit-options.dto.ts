import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { AUDIT_FORMATS, type AuditFormat } from '@sallyport/contracts';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, Length, Max, MaxLength, Min, ValidateNested } from 'class-validator';

const MOST_SAMPLED = 1_000_000;
const MOST_PRIORITY = 9;

/** Which columns are read. */
export class AuditFieldsDto {
  @ApiPropertyOptional({ example: 'question', description: 'A column, or a dotted path into one.' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  text?: string;

  @ApiPropertyOptional({ description: 'A list of {role, content} or {from, value}, or its JSON.' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  messages?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 256)
  prompt?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 256)
  response?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 256)
  id?: string;

  @ApiPropertyOptional({ description: 'Holds prompt, response, document or tool.' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  direction?: string;

  @ApiPropertyOptional({ description: 'Holds ISO 8601, or seconds or milliseconds since 1970.' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  timestamp?: string;

  @ApiPropertyOptional({ description: 'Such as an app; the first 200 characters are kept.' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  source?: string;
}

/** Which lines are screened. */
export class AuditSampleDto {
  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  share?: number;

  @ApiPropertyOptional({ minimum: 1, maximum: MOST_SAMPLED })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_SAMPLED)
  count?: number;

  @ApiPropertyOptional({ default: 0, description: 'The same seed chooses the same lines.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seed?: number;
}

/** What an audit can be told besides its lines: the `options` part of a form, the query, or the body beside `path` or `s3`. */
export class AuditOptionsDto {
  @ApiPropertyOptional({ example: 'default', description: '`id` or `id@version`; the version is fixed when the audit starts.' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  policy?: string;

  @ApiPropertyOptional({ enum: AUDIT_FORMATS, description: 'Found out from the content where it is not named.' })
  @IsOptional()
  @IsIn(AUDIT_FORMATS)
  format?: AuditFormat;

  @ApiPropertyOptional({ type: AuditFieldsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => AuditFieldsDto)
  fields?: AuditFieldsDto;

  @ApiPropertyOptional({ oneOf: [{ type: 'number', minimum: 0, maximum: 1 }, { $ref: '#/components/schemas/AuditSampleDto' }], description: 'A share of the lines, or {share} or {count} with a seed. The lines that are left out are counted as `skipped`.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? { share: value } : value), { toClassOnly: true })
  @IsObject()
  @ValidateNested()
  @Type(() => AuditSampleDto)
  sample?: AuditSampleDto;

  @ApiPropertyOptional({ default: false, description: 'Equal contents are screened once; the result of the others is a copy, with `duplicate_of`.' })
  @IsOptional()
  @IsBoolean()
  dedupe?: boolean;

  @ApiPropertyOptional({ minimum: 0, maximum: MOST_PRIORITY, default: 0, description: 'Among the audits of one key, higher goes first.' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MOST_PRIORITY)
  priority?: number;

  @ApiPropertyOptional({ default: true, description: 'False: the lines are erased when the audit has ended.' })
  @IsOptional()
  @IsBoolean()
  retain_text?: boolean;
}

/** The JSON body of `POST /v1/audits`: where the file is, and the options. */
export class AuditSourceDto extends AuditOptionsDto {
  @ApiPropertyOptional({ example: 'logs/2026.parquet', description: 'In the folder that the server is configured with.' })
  @IsOptional()
  @IsString()
  @Length(1, 1024)
  path?: string;

  @ApiPropertyOptional({ example: 's3://bucket/logs/2026.jsonl.gz' })
  @IsOptional()
  @IsString()
  @Length(1, 1200)
  s3?: string;
}

/** Answer of `POST /v1/audits`. */
export class AuditAcceptedDto {
  @ApiProperty()
  id!: string;

  @ApiProperty({ example: 'queued' })
  status!: string;
}
