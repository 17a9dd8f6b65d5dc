"""Shopify: the Admin's webhooks (`admin`) and the storefront's Web Pixel events (`pixel`).

Two plugins in one package, because one shop has both and their values must meet: cart and checkout tokens,
product and customer ids are read by the same readers (`values`).
"""
