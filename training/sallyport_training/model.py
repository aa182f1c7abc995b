"""The classifier: a BERT encoder, masked mean of the last hidden state, one linear layer; one label may be the union of others with itself."""
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import softplus
from transformers import BertModel


def union_logit(own: torch.Tensor, parts: torch.Tensor) -> torch.Tensor:
    """Logit [rows] of 1 - (1 - p)·Π(1 - p_i), for the logits `own` [rows] of p and `parts` [rows, parts] of the p_i."""
    none = softplus(own) + softplus(parts).sum(1)  # -log of the probability that nothing holds
    return none + torch.log(1 - torch.exp(-none.clamp_min(1e-6)))


class MeanPoolClassifier(nn.Module):
    """`union`: columns of which the first label is the union, beside what its own column sees."""

    def __init__(self, base: Path, labels: int, union: Sequence[int] = ()):
        super().__init__()
        self.union = list(union)
        self.bert = BertModel.from_pretrained(base, add_pooling_layer=False, attn_implementation='sdpa')
        self.classifier = nn.Linear(self.bert.config.hidden_size, labels)

    def forward(self, input_ids, token_type_ids, attention_mask) -> torch.Tensor:
        """Logits [rows, labels]."""
        return self.read(self.columns(input_ids, token_type_ids, attention_mask))

    def read(self, columns: torch.Tensor) -> torch.Tensor:
        """Logits of the labels from the columns of the last layer, float32."""
        columns = columns.float()
        return torch.cat([union_logit(columns[:, 0], columns[:, self.union])[:, None], columns[:, 1:]], 1) if self.union else columns

    def columns(self, input_ids, token_type_ids, attention_mask) -> torch.Tensor:
        """What the last layer gives [rows, labels]."""
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
