import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { BATCH_ENDPOINTS, type BatchEndpoint } from '@sallyport/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min, MinLength, registerDecorator, ValidateNested } from 'class-validator';
import { ListQuery } from '../http/list.dto.js';

const MAX_PAIRS = 16;
const MAX_KEY = 64;
const MAX_VALUE = 512;

/** OpenAI's metadata: at most 16 pairs of short strings. */
function IsMetadata(): PropertyDecorator {
  return (target, propertyName) => {
    const defaultMessage = () => `must have at most ${MAX_PAIRS} pairs, keys of at most ${MAX_KEY} and values, all strings, of at most ${MAX_VALUE} characters`;
    registerDecorator({ name: 'isMetadata', target: target.constructor, propertyName: String(propertyName), validator: { validate: isMetadata, defaultMessage } });
  };
}

function isMetadata(value: unknown): boolean {
  const pairs = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return pairs.length <= MAX_PAIRS && pairs.every(([key, text]) => key.length <= MAX_KEY && typeof text === 'string' && text.length <= MAX_VALUE);
}

/** When the output and error files of a batch are removed. */
export class OutputExpiryDto {
  @ApiProperty({ enum: ['created_at'] })
  @IsIn(['created_at'])
  anchor!: 'created_at';

  @ApiProperty({ minimum: 3_600, maximum: 2_592_000 })
  @IsInt()
  @Min(3_600)
  @Max(2_592_000)
  seconds!: number;
}

/** Body of `POST /v1/batches`. */
export class CreateBatchDto {
  @ApiProperty({ example: 'file-1f0c…' })
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  input_file_id!: string;

  @ApiProperty({ enum: BATCH_ENDPOINTS })
  @IsIn(BATCH_ENDPOINTS)
  endpoint!: BatchEndpoint;

  @ApiProperty({ enum: ['24h'] })
  @IsIn(['24h'])
  completion_window!: '24h';

  @ApiPropertyOptional({ type: Object, additionalProperties: { type: 'string' } })
  @IsOptional()
  @IsObject()
  @IsMetadata()
  metadata?: Record<string, string> | null;

  @ApiPropertyOptional({ type: OutputExpiryDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => OutputExpiryDto)
  output_expires_after?: OutputExpiryDto | null;

  @ApiPropertyOptional({ description: 'Extension: a repeated request with the same key gives the same batch; 409 when its parameters differ.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  idempotency_key?: string | null;
}

/** Query of `GET /v1/batches`. */
export class ListBatchesQuery extends ListQuery {
  @ApiPropertyOptional({ description: 'Id of the last batch of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  after?: string;
}
