"""Everything the scripts share: the learning wing and the image format that both wings keep to."""
