"""The classifier: a BERT encoder, masked mean of the last hidden state, one linear layer."""
from pathlib import Path

import torch
from torch import nn
from transformers import BertModel


class MeanPoolClassifier(nn.Module):
    def __init__(self, base: Path, labels: int):
        super().__init__()
        self.bert = BertModel.from_pretrained(base, add_pooling_layer=False, attn_implementation='sdpa')
        self.classifier = nn.Linear(self.bert.config.hidden_size, labels)

    def forward(self, input_ids, token_type_ids, attention_mask) -> torch.Tensor:
        """Logits [rows, labels]."""
        hidden = self.bert(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        return self.classifier(pooled.to(self.classifier.weight.dtype))


def mean_of(models: list[MeanPoolClassifier], shares: list[float]) -> MeanPoolClassifier:
    """The first model with the mean of all their weights by `shares`: what several runs from one base agree on. Tensors that are the same in all stay so bit for bit."""
    states = [model.state_dict() for model in models]
    mean = {name: sum(state[name] * (share / sum(shares)) for state, share in zip(states, shares))
            for name, tensor in states[0].items() if any(not torch.equal(tensor, state[name]) for state in states)}
    models[0].load_state_dict(states[0] | mean)
    return models[0]
