/** Starts the web application: language first, so that nothing is painted twice, then the pages. */
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { worthRetrying } from './http/api-client.ts';
import { startI18n } from './i18n/i18n.ts';
import './theme/kit.css';
import './theme/tokens.css';
import './theme/base.css';
import { mantineTheme } from './theme/mantine-theme.ts';

const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, refetchOnWindowFocus: false, staleTime: 5_000 } },
});

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
await startI18n();
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={mantineTheme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      withStaticClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
