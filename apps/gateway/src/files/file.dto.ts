import { ApiPropertyOptional } from '@nestjs/swagger';
import type { FilePurpose } from '@sallyport/contracts';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

const PURPOSES = ['batch', 'batch_output'] as const satisfies readonly FilePurpose[];

/** Query of `GET /v1/files`. */
export class ListFilesQuery {
  @ApiPropertyOptional({ enum: PURPOSES })
  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: FilePurpose;

  @ApiPropertyOptional({ minimum: 1, maximum: 10_000, default: 10_000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit?: number;

  @ApiPropertyOptional({ enum: ['asc', 'desc'], default: 'desc', description: 'By time of creation.' })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc';

  @ApiPropertyOptional({ description: 'Id of the last file of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  after?: string;
}
