import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { PolicyState } from '@sallyport/contracts';
import { DEFAULT_POLICY } from '@sallyport/policy';

const MOST_VERSION = 2_147_483_647;
const STATES = ['draft', 'shadow', 'active', 'retired'] as const satisfies readonly PolicyState[];

/** Body of `POST /v1/policies/{id}/versions`; the document itself is checked field by field by libs/policy. */
export class CreateVersionDto {
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The policy; its JSON Schema is at /v1/policies/schema.', example: DEFAULT_POLICY })
  @IsObject()
  document!: Record<string, unknown>;

  @ApiPropertyOptional({ description: 'Why this version was made.', example: 'Fewer false alarms on medical questions' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;

  @ApiPropertyOptional({ description: 'Who made it; default: the hash of the API key.', example: 'Trust & Safety' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  author?: string;

  @ApiPropertyOptional({ description: 'The version that it was made from; default: the active one.', minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  parent?: number;
}

/** Body of `POST /v1/policies/{id}/activate` and of `.../shadow`. */
export class ActivateDto {
  @ApiProperty({ minimum: 1, example: 2 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  version!: number;

  @ApiPropertyOptional({ description: 'Why; it goes into the history.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;
}

/** Body of `POST /v1/policies/{id}/rollback`; it may be left out. */
export class RollbackDto {
  @ApiPropertyOptional({ description: 'Why; it goes into the history.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;
}

/** Pages of a listing. */
export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

/** Query of `GET /v1/policies`. */
export class ListPoliciesQuery extends PageQuery {
  @ApiPropertyOptional({ description: '`next` of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  after?: string;

  @ApiPropertyOptional({ description: 'How the ids begin.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  prefix?: string;
}

/** Query of `GET /v1/policies/{id}/versions`. */
export class ListVersionsQuery extends PageQuery {
  @ApiPropertyOptional({ description: '`next` of the page before: versions below it.', minimum: 1 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  before?: number;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES)
  state?: PolicyState;
}

/** Query of `GET /v1/policies/{id}/history`. */
export class HistoryQuery extends PageQuery {
  @ApiPropertyOptional({ description: '`next` of the page before: changes below it.', minimum: 1 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  before?: number;
}

/** Query of `GET /v1/policies/{id}/diff`. */
export class DiffQuery {
  @ApiProperty({ minimum: 1, example: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  from!: number;

  @ApiProperty({ minimum: 1, example: 2 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  to!: number;
}

/** Query of `GET /v1/policies/{id}/export`. */
export class ExportQuery {
  @ApiPropertyOptional({ minimum: 1, description: 'Default: the active version.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_VERSION)
  version?: number;
}

/** Query of `POST /v1/policies/{id}/import`; the body is the document itself. */
export class ImportQuery {
  @ApiPropertyOptional({ default: false, description: 'Whether the version is to judge at once.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  activate?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  note?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  author?: string;
}

/** Body of `PUT /v1/policy-assignments/{kind}/{subject}`. */
export class AssignmentDto {
  @ApiProperty({ example: 'strict', description: '`id` (its active version) or `id@version`.' })
  @IsString()
  @MaxLength(128)
  @Matches(/^[A-Za-z0-9][\w.-]{0,63}(@[1-9]\d{0,8})?$/, { message: 'must be id or id@version' })
  policy!: string;

  @ApiPropertyOptional({ default: false, description: 'For keys: whether a request may name another policy. A key that may not can change no policy either.' })
  @IsOptional()
  @IsBoolean()
  allow_request?: boolean;
}
