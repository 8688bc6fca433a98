"""Raw input on its way into the dataset: tables, files, embedded personal data, who the annotators are."""
