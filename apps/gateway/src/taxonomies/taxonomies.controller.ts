import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { getTaxonomy, listTaxonomies, mapTaxonomy } from '@sallyport/policy';

/** What the codes of a policy mean. */
@ApiTags('taxonomies')
@Controller('v1/taxonomies')
export class TaxonomiesController {
  @Get()
  @ApiOperation({ summary: 'All taxonomies with their sources' })
  @ApiOkResponse({ schema: { example: { data: [{ id: 'llama-guard-3', name: 'Llama Guard 3', source: 'Meta Llama-Guard-3-8B', url: 'https://huggingface.co/meta-llama/Llama-Guard-3-8B', categories: 14 }] } } })
  list() {
    return { data: listTaxonomies().map(({ id, name, source, url, categories }) => ({ id, name, source, url, categories: categories.length })) };
  }

  @Get(':id/categories')
  @ApiOperation({ summary: 'The categories of one taxonomy' })
  categories(@Param('id') id: string) {
    return { data: getTaxonomy(id).categories };
  }

  @Get(':id/map/:other')
  @ApiOperation({ summary: 'What each category is called in another taxonomy, and whether it means the same' })
  @ApiOkResponse({ schema: { example: { from: 'llama-guard-2', to: 'llama-guard-3', data: [{ code: 'S5', name: 'Specialized Advice', to: [{ code: 'S6', name: 'Specialized Advice', relation: 'equivalent' }] }] } } })
  map(@Param('id') id: string, @Param('other') other: string) {
    return { from: id, to: other, data: mapTaxonomy(id, other) };
  }
}
