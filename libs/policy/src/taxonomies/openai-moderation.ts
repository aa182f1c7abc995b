import { category, type Taxonomy } from './taxonomy.js';

/** The 13 keys of OpenAI's `POST /v1/moderations`. */
export const openaiModeration: Taxonomy = {
  id: 'openai-moderation',
  name: 'OpenAI moderation',
  source: 'OpenAI API specification 2.3.0, POST /v1/moderations',
  url: 'https://platform.openai.com/docs/api-reference/moderations',
  categories: [
    category('hate', 'hate', 'Hate', { description: 'Hate for a protected characteristic.' }),
    category('hate/threatening', 'hate-threatening', 'Hate with threats', { description: 'Hate together with violence or serious harm towards the group.' }),
    category('harassment', 'harassment', 'Harassment', { description: 'Harassing language towards anyone.' }),
    category('harassment/threatening', 'harassment-threatening', 'Harassment with threats', { description: 'Harassment together with violence or serious harm towards its target.' }),
    category('illicit', 'illicit', 'Illicit', { description: 'Advice on or instructions for wrongdoing.' }),
    category('illicit/violent', 'illicit-violent', 'Illicit and violent', { description: 'Wrongdoing that involves violence or getting hold of a weapon.' }),
    category('self-harm', 'self-harm', 'Self-harm', { description: 'Promotes or depicts suicide, cutting, eating disorders and the like.' }),
    category('self-harm/intent', 'self-harm-intent', 'Self-harm intent', { description: 'The speaker harms themselves or means to.' }),
    category('self-harm/instructions', 'self-harm-instructions', 'Self-harm instructions', { description: 'Encouragement to self-harm or instructions for it.' }),
    category('sexual', 'sexual-with-adults', 'Sexual', { description: 'Content meant to arouse, and offers of sexual services.' }),
    category('sexual/minors', 'child-sexual-exploitation', 'Sexual, minors', { description: 'Sexual content with anyone under 18.' }),
    category('violence', 'violence', 'Violence', { description: 'Death, violence or physical injury.' }),
    category('violence/graphic', 'violence-graphic', 'Graphic violence', { description: 'Death, violence or injury in graphic detail.' }),
  ],
};
